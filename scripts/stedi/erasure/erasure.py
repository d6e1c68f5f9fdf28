"""An erasure, step by step, in an order that lets an interrupted one resume at any step.

It first notes that it has begun, with what must still be known when the landed lines are gone; then
the people's claims on devices, which are kept for ever; then that nightly builds must wait for a
full refresh; then that the people must not come back. Customer lines are removed last, because they
say which devices are whose. The first note is deleted at the very end, when everything that is
stored has been searched.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from stedi.erasure.landing_root import LandingRoot
from stedi.erasure.people import DataSubjects, Known, Ownership, find_subjects
from stedi.erasure.tables import Tables
from stedi.errors import StediError
from stedi.landing.backfill import leave_erasure_note
from stedi.landing.claims import Claim
from stedi.landing.names import day_of
from stedi.landing.raw_lines import always
from stedi.landing.records import EARLIEST
from stedi.landing.zones import Zone
from stedi.layout import LANDED, RESULTS
from stedi.restricted.erasures import ErasureRegister, Tombstone
from stedi.restricted.pseudonym_key import hmac_sha256, new_key
from stedi.restricted.receipts import Receipts
from stedi.search.identifiers import IN_PROJECT, Grade, Identifiers, grade_of
from stedi.search.search import Searched, hidden, search
from stedi.storage.atomic import UNFINISHED
from stedi.storage.storage import BLOCK, Changed, Object

MOST_TOLD = 100  # findings of a kind
NOT_SEARCHED = "the build reads it, but it was not searched; is it behind a broken link?"

# Customer lines are last: by them devices are known, and people whose erasure was interrupted.
IN_ORDER = ("step_trainer", "accelerometer", "customer")


@dataclass
class Counts:
    """How many records and lines are removed from how many landed files, by entity.

    purged: how many old versions and query results are deleted.
    """

    files: dict[str, int] = field(default_factory=lambda: dict.fromkeys(IN_ORDER, 0))
    lines: dict[str, int] = field(default_factory=lambda: dict.fromkeys(IN_ORDER, 0))
    purged: int = 0

    def add(self, entity: str, lines: int) -> None:
        """Adds a file from which so many lines are removed."""
        self.files[entity] += lines > 0
        self.lines[entity] += lines

    @classmethod
    def noted(cls, notes: Iterable[dict[str, Any]]) -> Counts:
        """The sum of what the runs of an erasure have noted."""
        counts = cls()
        files = defaultdict(set)
        for note in notes:
            counts.purged += note.get("purged", 0)
            if entity := note.get("entity"):
                files[entity].add(note["file"])
                counts.lines[entity] += note["lines"]
        counts.files |= {entity: len(names) for entity, names in files.items()}
        return counts


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
                owns = subjects.owns(entity, day_of(file.key))
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
        self._rewrite(emails, subjects)
        self.say("Deleting copies of landed lines")
        self.landing.tidy()
        self.tables.remove_copies()
        self.say("Rebuilding every table")
        self.tables.rebuild()
        self.say("Compacting the tables' files")
        self.tables.maintain()
        self.say("Deleting old versions and query results")
        purged = self.landing.purge()
        self.register.count(emails, uuid4().hex, {"purged": purged})
        self.say("Searching everything that is stored")
        searched = self.search(subjects.identifiers())
        self.say("Writing the receipt")
        key = new_key()
        counts = Counts.noted(self.register.counted(emails))
        build = self.tables.last_build()
        receipt = {
            "what": "erasure",
            "by": by,
            "people": [hmac_sha256(email, key) for email in emails],
            "runs": max(len(self.register.begun(email)) for email in emails),
            "lines": counts.lines,
            "files": counts.files,
            "devices_shared_and_kept": len(subjects.shared_devices),
            "details_others_have_too": len(subjects.shared_details),
            "old_versions_and_results": counts.purged,
            "likely_findings": len(searched.likely),
            "findings_by_chance": len(searched.by_chance),
            "searched_objects": searched.objects,
            "searched_bytes": searched.bytes,
            "build": build.build_id,
            "ledger": build.ledger,
        }
        receipt |= self._keep(receipt)
        self.say("Noting that the erasure has ended")
        self.register.end(emails)
        return receipt, key

    def reinstate(self, emails: Collection[str], by: str) -> tuple[dict[str, Any], str]:
        """Lets people come back with what lands of them, and rebuilds every table.

        by: who runs this. Returns the receipt, and the key that its ids were made with.
        """
        self.say("Writing the receipt")  # first, so that nobody comes back without one
        key = new_key()
        receipt = {
            "what": "reinstatement",
            "by": by,
            "people": [hmac_sha256(email, key) for email in emails],
        }
        receipt |= self._keep(receipt)
        self.say("Making nightly builds wait for a full refresh")
        leave_erasure_note(self.zone, datetime.now(UTC))
        self.say("Noting who may come back")
        for email in emails:
            self.register.reinstate(email)
        self.say("Rebuilding every table")
        self.tables.rebuild()
        return receipt, key

    def _keep(self, receipt: dict[str, Any]) -> dict[str, Any]:
        """Adds a receipt to the chain; its name and SHA-256."""
        number, digest = Receipts(self.register.store).add(receipt)
        return {"receipt": number, "sha256": digest}

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

    def _rewrite(self, emails: list[str], subjects: DataSubjects) -> None:
        wanted = subjects.identifiers()
        for entity in IN_ORDER:
            for file in self.landing.files(entity):
                owns = subjects.owns(entity, day_of(file.key))
                self.say(f"Checking {hidden(file.key, wanted)}")
                if lines := self.landing.count(file, owns, owns.may_hold):
                    self._rewrite_file(emails, entity, file, lines, owns)

    def _rewrite_file(
        self, emails: list[str], entity: str, file: Object, lines: int, owns: Ownership
    ) -> None:
        """Notes what is removed before it is, or a run that is killed would leave no count of it.
        By the content, too: if the run is killed before, the next one counts the same again."""
        sha256 = self._sha256(file)
        what = f"{file.key} {sha256}"
        noted = {"entity": entity, "file": self.register.hash()(file.key), "lines": lines}
        self.register.count(emails, what, noted)
        self.register.keep_rewritten(emails, sha256)
        try:
            self.landing.rewrite(file, owns, owns.may_hold)
        except Changed:
            self.register.uncount(emails, what)
            raise

    def _sha256(self, file: Object) -> str:
        digest = hashlib.sha256()
        with self.landing.storage.open(file.key) as stream:
            while block := stream.read(BLOCK):
                digest.update(block)
        return digest.hexdigest()


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
    yield from _plan(erasure.landing)
    yield from erasure.tables.plan()


def _plan(landing: LandingRoot) -> Iterator[str]:
    """What goes in the landing root beside people's lines, in counts and places."""
    storage = landing.storage
    for entity in LANDED:
        prefix = f"{entity}/landing/"
        names = (version.key.rpartition("/")[2] for version in storage.versions(prefix))
        if unfinished := sum(name.startswith(UNFINISHED) for name in names):
            yield (
                f"{storage.address(prefix)}: {unfinished:,} files of interrupted writes would be "
                "deleted"
            )
    for prefix in filter(None, landing.prefixes):
        versions = [*storage.versions(prefix)]
        results = sum(v.is_latest and not v.is_marker for v in versions)
        if prefix == f"{RESULTS}/" and results:
            yield f"{storage.address(prefix)}: {results:,} query results would be deleted"
        if old := sum(v.is_marker or not v.is_latest for v in versions):
            yield (
                f"{storage.address(prefix)}: {old:,} old versions and delete markers would be "
                "deleted, of everybody's data"
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
