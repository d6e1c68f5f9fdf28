"""An erasure, step by step, in an order that lets an interrupted one resume at any step.

It first notes that it has begun, with what must still be known when the landed lines are gone; then
the people's claims on devices, which are kept for ever; then that nightly builds must wait for a
full refresh; then that the people must not come back. Customer lines are removed last, because they
say which devices are whose. The first note is deleted at the very end, when everything that is
stored has been searched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from stedi.erasure.landing_root import LandingRoot, day_of
from stedi.erasure.people import DataSubjects, Known, find_subjects
from stedi.erasure.tables import Tables
from stedi.errors import StediError
from stedi.landing.backfill import leave_erasure_note
from stedi.landing.claims import Claim
from stedi.landing.raw_lines import always
from stedi.landing.records import EARLIEST
from stedi.landing.zones import Zone
from stedi.restricted.erasures import ErasureRegister, Tombstone
from stedi.restricted.pseudonym_key import hmac_sha256, new_key
from stedi.search.identifiers import IN_PROJECT, Grade, Identifiers, grade_of
from stedi.search.search import Searched, hidden, search

MOST_TOLD = 100  # findings of a kind
NOT_SEARCHED = "the build reads it, but it was not searched; is it behind a broken link?"

# Customer lines are last: by them devices are known, and people whose erasure was interrupted.
IN_ORDER = ("step_trainer", "accelerometer", "customer")


@dataclass
class Counts:
    """How many records and lines are removed from how many landed files, by entity."""

    files: dict[str, int] = field(default_factory=lambda: dict.fromkeys(IN_ORDER, 0))
    lines: dict[str, int] = field(default_factory=lambda: dict.fromkeys(IN_ORDER, 0))

    def add(self, entity: str, lines: int) -> None:
        """Adds a file from which so many lines are removed."""
        self.files[entity] += lines > 0
        self.lines[entity] += lines


@dataclass(frozen=True)
class Erasure:
    """An erasure in a lakehouse.

    say: takes a sentence before each step. earliest: the day from which on a time is plausible.
    """

    landing: LandingRoot
    zone: Zone
    tables: Tables
    register: ErasureRegister
    say: Callable[[str], object]
    earliest: str = EARLIEST

    def find(self, emails: list[str]) -> DataSubjects:
        """What landing knows of people, with what an interrupted erasure of theirs has noted.

        emails: in normal form. Raises StediError if somebody is unknown and was never erased.
        """
        begun = {email: self.register.begun(email) for email in emails}
        known = Known(
            hash=self.register.hash(),
            tombstones=[Claim(*claim) for claim in self.register.claims()],
            notes=[noted for notes in begun.values() for noted in notes],
            earliest=self.earliest,
        )
        quick = Identifiers.of(email=emails)

        def read(entity: str) -> Iterator[tuple[str, bytes]]:
            is_motion = entity == "accelerometer"
            return self.landing.records(entity, quick.may_be_in if is_motion else always)

        subjects = find_subjects(emails, read, known)
        erased = set(self.register.erasures())
        for number, email in enumerate(emails, 1):
            is_known = email in subjects.landed or self.register.erasure_of(email) in erased
            if not begun[email] and not is_known:
                raise StediError(
                    f"email number {number}: no landed line names it, and it was never erased. "
                    "Nothing was changed; check that it is spelled as the person spelled it"
                )
        subjects.customer_ids |= self.tables.customer_ids(subjects.emails)
        return subjects

    def count(self, subjects: DataSubjects) -> Counts:
        """How much an erasure would remove."""
        counts = Counts()
        for entity in IN_ORDER:
            for file in self.landing.files(entity):
                owns = subjects.owns(entity, day_of(file))
                counts.add(entity, self.landing.count(file, owns, owns.may_hold))
        return counts

    def erase(
        self, emails: list[str], subjects: DataSubjects, by: str
    ) -> tuple[dict[str, Any], str]:
        """Erases people. Returns the receipt, and the key that its ids were made with.

        emails: theirs, in normal form. subjects: what find() returned. by: who runs this. The key
        is stored nowhere. Raises StediError, and what the storage raises; it is then to be run
        again, and resumes.
        """
        self.say("Noting that the erasure has begun")
        self.register.make_key()
        hash = self.register.hash()
        self.register.begin(emails, subjects.notes(hash))
        self.say("Noting the claims on devices that must not be forgotten")
        self.register.keep_claims(
            Tombstone(hash(claim.person), hash(claim.device), claim.since, claim.until)
            for claim in subjects.claims()
        )
        self.say("Making nightly builds wait for a full refresh")
        leave_erasure_note(self.zone, datetime.now(UTC))
        self.say("Noting who must not come back")
        for email in emails:
            self.register.erase(email)
        counts = self._rewrite(subjects)
        self.say("Deleting copies of landed lines")
        self.landing.tidy()
        self.tables.remove_copies()
        self.say("Rebuilding every table")
        self.tables.rebuild()
        self.say("Compacting the tables' files")
        self.tables.maintain()
        self.say("Deleting old versions and query results")
        purged = self.landing.purge()
        self.say("Searching everything that is stored")
        searched = self.search(subjects.identifiers())
        self.say("Writing the receipt")
        key = new_key()
        receipt = {
            "when": datetime.now(UTC).isoformat(timespec="seconds"),
            "by": by,
            "people": [hmac_sha256(email, key) for email in emails],
            "lines": counts.lines,
            "files": counts.files,
            "devices_shared_and_kept": len(subjects.shared_devices),
            "details_others_have_too": len(subjects.shared_details),
            "old_versions_and_results": purged,
            "likely_findings": len(searched.likely),
            "findings_by_chance": len(searched.by_chance),
            "searched_objects": searched.objects,
            "searched_bytes": searched.bytes,
        }
        name = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{uuid4().hex[:8]}"
        self.register.keep_receipt(name, receipt)
        self.say("Noting that the erasure has ended")
        self.register.end(emails)
        return receipt | {"receipt": name}, key

    def reinstate(self, emails: Iterable[str]) -> None:
        """Lets people come back with what lands of them, and rebuilds every table."""
        self.say("Making nightly builds wait for a full refresh")
        leave_erasure_note(self.zone, datetime.now(UTC))
        self.say("Noting who may come back")
        for email in emails:
            self.register.reinstate(email)
        self.say("Rebuilding every table")
        self.tables.rebuild()

    def search(self, wanted: Identifiers) -> Searched:
        """Searches all that is stored, and tells what is likely theirs.

        Raises StediError if something is certainly theirs, or a landed file was not searched; it
        names the objects, and shows nothing of the people.
        """
        found = Searched()
        search(self.landing.stored(), wanted, found)
        for name in self.landing.built_from() - found.landed:
            found.findings.add((hidden(name, wanted), NOT_SEARCHED))
        search(self.tables.stored(), wanted, found)
        self.tables.search(wanted, found)
        self._search_artifacts(wanted, found)
        if found.likely:
            self.say("Likely theirs, unless somebody else is like them. Look at:")
            for line in _told(found.likely):
                self.say(line)
        if found.findings:
            raise StediError(
                f"Of {found.objects:,} objects, these still hold something of the people:\n"
                + "\n".join(_told(found.findings))
                + "\nThe erasure has not ended. Look each finding up in "
                "docs/how-to/erase-people.md, then run it again with the same emails"
            )
        return found

    def _search_artifacts(self, wanted: Identifiers, found: Searched) -> None:
        """Searches what dbt wrote, which repeats the project's own files. They are nobody's data,
        but an example in them may be like somebody's."""
        examples: set[str] = set()
        for stored in self.tables.project_files():
            with stored.open() as stream:
                hits = wanted.hits_in(stream.read())
            examples |= {text for _, text in hits}
            if any(grade_of(kind) is Grade.CERTAIN for kind, _ in hits):
                found.add(stored.name, [(IN_PROJECT, "")])
        search(self.tables.artifacts(), wanted.without(examples), found)

    def _rewrite(self, subjects: DataSubjects) -> Counts:
        counts = Counts()
        wanted = subjects.identifiers()
        for entity in IN_ORDER:
            for file in self.landing.files(entity):
                owns = subjects.owns(entity, day_of(file))
                self.say(f"Checking {hidden(file.key, wanted)}")
                counts.add(entity, self.landing.rewrite(file, owns, owns.may_hold))
        return counts


def _told(findings: Iterable[tuple[str, str]]) -> list[str]:
    """Findings for people, a line each."""
    lines = [f"  {name}: {kind}" for name, kind in sorted(findings)]
    return lines[:MOST_TOLD] + [f"  and {len(lines) - MOST_TOLD:,} more"] * (len(lines) > MOST_TOLD)


def dry_run_report(erasure: Erasure, subjects: DataSubjects) -> Iterator[str]:
    """What an erasure would remove, in counts."""
    counts = erasure.count(subjects)
    for entity in IN_ORDER:
        yield (
            f"{entity}: {counts.lines[entity]:,} records in {counts.files[entity]:,} files would "
            "be removed"
        )


def warnings(erasure: Erasure, subjects: DataSubjects) -> Iterator[str]:
    """What an operator should know before the erasure."""
    if subjects.shared_devices:
        yield (
            f"{len(subjects.shared_devices)} of their devices were claimed by another person too: "
            "readings of a time at which another person claims the device stay, because they may "
            "be that person's"
        )
    if subjects.shared_details:
        yield (
            f"{len(subjects.shared_details)} of their names, phone and serial numbers are in "
            "records of other people too, so the search leaves them out"
        )
    if others := erasure.register.others_begun(subjects.emails):
        yield f"{others} other erasures were interrupted: run them again with their emails"
