"""An erasure, step by step, in an order by which a kill anywhere is put right by running it again.

First it is noted that it has begun, with what must still be known when what landed is gone; then,
that every nightly build must wait for a full refresh; then, that the people are not to come back.
Customer lines go last, as they say which devices are whose. The first note goes at the very end,
when everything that is stored has been searched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any
from uuid import uuid4

from stedi.erasure.landing_root import LandingRoot
from stedi.erasure.people import Refused, Survey, survey
from stedi.erasure.tables import Tables
from stedi.errors import StediError
from stedi.landing.backfill import leave_erasure_note
from stedi.landing.zones import Zone
from stedi.restricted.erasures import ErasureRegister
from stedi.restricted.pseudonym_key import hmac_sha256, new_key
from stedi.search.identifiers import Identifiers
from stedi.search.search import Searched, hidden, search

# Devices are told by customer lines, and what is left of a person by them too.
IN_ORDER = ("step_trainer", "accelerometer", "customer")


class NotErased(StediError):
    """Something of a person was found afterwards. Its text names the objects, and no person."""


@dataclass
class Counts:
    """What went, by entity: files that have such lines, and lines."""

    files: dict[str, int] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Erasing:
    """What an erasure works on. say: takes a sentence before each step."""

    landing: LandingRoot
    zone: Zone
    tables: Tables
    register: ErasureRegister
    say: Callable[[str], object]

    def look(self, emails: list[str]) -> Survey:
        """Who is known of the emails, with what an erasure that broke off has noted of them.

        Raises Refused where somebody is unknown and was never erased.
        """
        begun = {email: self.register.begun(email) for email in emails}
        kept = [noted for notes in begun.values() for noted in notes]
        found = survey(emails, self.landing.lines, kept)
        erased = set(self.register.erasures())
        for number, email in enumerate(emails, 1):
            is_known = email in found.known or self.register.erasure_of(email) in erased
            if not begun[email] and not is_known:
                raise Refused(
                    f"email number {number}: no landed line names it, nor was it erased before. "
                    "Nothing has been changed; see that it is written as the person wrote it"
                )
        found.customer_ids |= self.tables.customer_ids(found.emails)
        return found

    def count(self, found: Survey) -> Counts:
        """What would go."""
        counts = Counts()
        for entity in IN_ORDER:
            is_theirs = found.is_theirs(entity)
            counts.files[entity] = counts.lines[entity] = 0
            for file in self.landing.files(entity):
                gone = self.landing.count(file, is_theirs)
                counts.files[entity] += gone > 0
                counts.lines[entity] += gone
        return counts

    def erase(self, emails: list[str], found: Survey, by: str) -> tuple[dict[str, Any], str]:
        """Erases people; returns the receipt and the key that its ids were made with, kept nowhere.

        emails: theirs, in normal form; found: what look() returned of them.
        Raises NotErased, and what the landing root, dbt and S3 raise; it is then to be run again.
        """
        self.say("Noting that the erasure has begun")
        self.register.make_key()
        self.register.begin(emails, found.kept())
        self.say("Having nightly builds wait for a full refresh")
        leave_erasure_note(self.zone, datetime.now(timezone.utc))
        self.say("Noting who is not to come back")
        for email in emails:
            self.register.erase(email)
        counts = self._rewrite(found)
        self.say("Removing copies of landed lines")
        self.landing.tidy()
        self.tables.remove_copies()
        self.say("Building every table anew")
        self.tables.rebuild()
        self.say("Removing what is in no table any more from the tables' files")
        self.tables.maintain()
        self.say("Removing old versions and results of queries")
        purged = self.landing.purge()
        self.say("Searching everything that is stored")
        searched = self.search(found.identifiers())
        self.say("Writing the receipt")
        key = new_key()
        receipt = {
            "when": datetime.now(timezone.utc).isoformat(timespec="seconds"),
            "by": by,
            "people": [hmac_sha256(email, key) for email in emails],
            "lines": counts.lines,
            "files": counts.files,
            "devices_shared_and_kept": len(found.shared),
            "details_others_have_too": len(found.others),
            "old_versions_and_results": purged,
            "searched_objects": searched.objects,
            "searched_bytes": searched.bytes,
        }
        name = f"{datetime.now(timezone.utc):%Y%m%dT%H%M%S}-{uuid4().hex[:8]}"
        self.register.keep_receipt(name, receipt)
        self.say("Noting that the erasure has ended")
        self.register.end(emails)
        return receipt | {"receipt": name}, key

    def reinstate(self, emails: Iterable[str]) -> None:
        """Lets people come back with what lands of them, and makes every table anew."""
        self.say("Having nightly builds wait for a full refresh")
        leave_erasure_note(self.zone, datetime.now(timezone.utc))
        self.say("Noting who may come back")
        for email in emails:
            self.register.reinstate(email)
        self.say("Building every table anew")
        self.tables.rebuild()

    def search(self, wanted: Identifiers) -> Searched:
        """Reads all that is stored. Raises NotErased where something of the people is in it."""
        found = Searched()
        search(self.landing.stored(), wanted, found)
        search(self.tables.stored(), wanted, found)
        self.tables.search(wanted, found)
        if found.findings:
            told = "\n".join(f"  {name}: {kind}" for name, kind in sorted(found.findings))
            raise NotErased(
                f"Of {found.objects:,} objects these still hold something of the people:\n{told}\n"
                "The erasure has not ended. Look each finding up in docs/how-to/erase-people.md, "
                "then run it again with the same emails"
            )
        return found

    def _rewrite(self, found: Survey) -> Counts:
        counts = Counts()
        for entity in IN_ORDER:
            is_theirs = found.is_theirs(entity)
            counts.files[entity] = counts.lines[entity] = 0
            for file in self.landing.files(entity):
                self.say(f"Looking through {hidden(file.key, found.identifiers())}")
                if gone := self.landing.rewrite(file, is_theirs):
                    counts.files[entity] += 1
                    counts.lines[entity] += gone
        return counts


def told(found: Survey, erasing: Erasing) -> Iterator[str]:
    """What would go, in counts."""
    counts = erasing.count(found)
    for entity in IN_ORDER:
        yield f"{entity}: {counts.lines[entity]:,} lines in {counts.files[entity]:,} files would go"


def warnings(found: Survey, erasing: Erasing) -> Iterator[str]:
    """What an operator has to know before or after."""
    if found.shared:
        yield (
            f"{len(found.shared)} of their devices were claimed by another person too: the "
            "readings of those stay, as they may be that person's"
        )
    if found.others:
        yield (
            f"{len(found.others)} of their names and phones are in other people's records too, so "
            "they are not searched for"
        )
    if others := erasing.register.others_begun(found.emails):
        yield f"{others} other erasures have begun and not ended: run them again with their emails"
