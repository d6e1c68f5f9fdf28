"""The register of erasures: who must not come back, and what was done.

    erasure_key/erasure_key        the key of all that follows, made once
    erasures/HMAC                  a person who was erased; the file holds the HMAC of their email
    device_claims/HMAC-HMAC-…      a tombstone: when an erased person had a device. It is kept for
                                   ever, so that what the device measured becomes nobody else's
    pending_erasures/HMAC-….json   an erasure that has begun and not ended: not the email, but what
                                   must be searched for once the landed lines are gone
    rewritten_files/HMAC-HMAC      a delivery from which an erasure has removed a person's lines, by
                                   its SHA-256, and the person: it does not land again
    pending_erasures/HMAC-….counts what such an erasure has removed so far

The erasure key is not the pseudonym key, which may be rotated: no email would be left then to
compute the HMACs again, and who was erased would come back.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple
from uuid import uuid4

from stedi.errors import StediError
from stedi.layout import (
    DEVICE_CLAIMS_FOLDER,
    ERASURE_KEY_FOLDER,
    ERASURES_FOLDER,
    PENDING_ERASURES_FOLDER,
    RESTRICTED,
    REWRITTEN_FILES_FOLDER,
)
from stedi.restricted.pseudonym_key import hmac_sha256, new_key
from stedi.restricted.store import RestrictedStore

KEY, ERASURES, CLAIMS, PENDING, REWRITTEN = (
    folder.removeprefix(f"{RESTRICTED}/")
    for folder in (
        ERASURE_KEY_FOLDER, ERASURES_FOLDER, DEVICE_CLAIMS_FOLDER, PENDING_ERASURES_FOLDER,
        REWRITTEN_FILES_FOLDER,
    )
)  # fmt: skip
_CLAIM = re.compile(r"([0-9a-f]{64})-([0-9a-f]{64})-([0-9]+)-([0-9]*)")
_COUNTS = ".counts"
_KEY_FILE = f"{KEY}/erasure_key"


class Tombstone(NamedTuple):
    """A claim of an erased person on a device.

    erasure, device: HMACs of the email and of the serial number. claimed_from, claimed_until: epoch
    milliseconds; the second is None if the claim never ended.
    """

    erasure: str
    device: str
    claimed_from: int
    claimed_until: int | None


@dataclass(frozen=True)
class ErasureRegister:
    """The erasures of a lakehouse. Every method raises what the store raises."""

    store: RestrictedStore

    def key(self) -> str | None:
        """The erasure key; None before the first erasure."""
        found = self.store.read(_KEY_FILE)
        return found.decode().strip() if found else None

    def make_key(self) -> None:
        """Makes the erasure key, unless there is one."""
        self.store.create(_KEY_FILE, f"{new_key()}\n".encode())

    def erasures(self) -> list[str]:
        """The HMACs of everybody who must not come back."""
        return [_last(name) for name in self.store.names(ERASURES)]

    def hash(self) -> Callable[[str], str]:
        """A function that makes the HMAC of an email in normal form, or of a serial number, once
        there is a key."""
        return partial(hmac_sha256, key=self.key() or "")

    def erasure_of(self, email: str) -> str:
        """The HMAC of an email in normal form, once there is a key."""
        return self.hash()(email)

    def claims(self) -> list[Tombstone]:
        """The claims of everybody who was ever erased."""
        return [self._claim(name) for name in self.store.names(CLAIMS)]

    def keep_claims(self, claims: Iterable[Tombstone]) -> None:
        """Writes claims of people who are erased. Writing one again changes nothing."""
        for claim in claims:
            fields = ["" if value is None else str(value) for value in claim]
            self.store.create(f"{CLAIMS}/{'-'.join(fields)}", f"{','.join(fields)}\n".encode())

    def erase(self, email: str) -> None:
        """Notes that a person must not come back."""
        erasure = self.erasure_of(email)
        self.store.create(f"{ERASURES}/{erasure}", f"{erasure}\n".encode())

    def reinstate(self, email: str) -> None:
        """Deletes that note, if there is one."""
        self.store.delete(f"{ERASURES}/{self.erasure_of(email)}")

    def begin(self, emails: Iterable[str], kept: dict[str, list[str]]) -> None:
        """Notes that erasures have begun. kept: what they must know once the landed lines are gone,
        lists of texts by kind."""
        for email in emails:
            name = f"{PENDING}/{self.erasure_of(email)}-{uuid4().hex}.json"
            self.store.create(name, json.dumps(kept).encode())

    def begun(self, email: str) -> list[dict[str, list[str]]]:
        """What was noted of the erasures of a person that have begun and not ended."""
        names = [n for n in self._pending()[self.erasure_of(email)] if n.endswith(".json")]
        return [json.loads(self.store.read(name) or b"{}") for name in names]

    def count(self, emails: Iterable[str], what: str, counts: dict[str, Any]) -> None:
        """Notes what erasures that have begun remove, before they do; again replaces the note.

        what: tells one removal from another, and is not shown.
        """
        for email in emails:
            name = self._counts_name(email, what)
            self.store.delete(name)
            self.store.create(name, json.dumps(counts).encode())

    def uncount(self, emails: Iterable[str], what: str) -> None:
        """Deletes that note: nothing was removed."""
        for email in emails:
            self.store.delete(self._counts_name(email, what))

    def counted(self, emails: Iterable[str]) -> list[dict[str, Any]]:
        """What all runs of these erasures have removed, each removal once."""
        pending = self._pending()
        names = {
            name.partition("-")[2]: name
            for email in emails
            for name in pending[self.erasure_of(email)]
            if name.endswith(_COUNTS)
        }
        return [json.loads(self.store.read(name) or b"{}") for name in names.values()]

    def others_begun(self, emails: Iterable[str]) -> int:
        """The number of other people whose erasures have begun and not ended."""
        return len(self._pending().keys() - {self.erasure_of(email) for email in emails})

    def end(self, emails: Iterable[str]) -> None:
        """Deletes the notes that the erasures of these people have begun."""
        pending = self._pending()
        for email in emails:
            for name in pending[self.erasure_of(email)]:
                self.store.delete(name)

    def keep_rewritten(self, emails: Iterable[str], sha256: str) -> None:
        """Notes that people's lines are removed from a file with this SHA-256."""
        for email in emails:
            name = f"{REWRITTEN}/{self.hash()(sha256)}-{self.erasure_of(email)}"
            self.store.create(name, b"")

    def is_rewritten(self, sha256: str) -> bool:
        """Whether a delivery with this SHA-256 has landed, and an erasure has removed lines of
        people from it, of whom nobody has been let back since."""
        if self.key() is None:
            return False
        noted = [_last(name).split("-") for name in self.store.names(REWRITTEN)]
        wanted = self.hash()(sha256)
        people = {person for file, person in noted if file == wanted}
        return bool(people) and people <= {*self.erasures()}

    def _counts_name(self, email: str, what: str) -> str:
        return f"{PENDING}/{self.erasure_of(email)}-{self.hash()(what)}{_COUNTS}"

    def _claim(self, name: str) -> Tombstone:
        """The claim in a file, by its name, which says all that it holds: to list is to read."""
        if not (found := _CLAIM.fullmatch(_last(name))):
            raise StediError(f"{self.store.address(name)}: not a claim of a device; move it away")
        erasure, device, claimed_from, claimed_until = found.groups()
        return Tombstone(erasure, device, int(claimed_from), _number(claimed_until))

    def _pending(self) -> dict[str, list[str]]:
        """The notes of erasures that have begun and not ended, by the person's HMAC."""
        found = defaultdict(list)
        for name in self.store.names(PENDING):
            found[_last(name).partition("-")[0]].append(name)
        return found


def _number(text: str) -> int | None:
    return int(text) if text else None


def _last(name: str) -> str:
    return name.rpartition("/")[2]
