"""The register of erasures: who must not come back, and what was done.

    erasure_key/erasure_key        the key of all that follows, made once
    erasures/HMAC                  a person who was erased; the file holds the HMAC of their email
    pending_erasures/HMAC-….json   an erasure that has begun and not ended: not the email, but what
                                   must be searched for once the landed lines are gone
    erasure_receipts/….json        an erasure that has ended

The erasure key is not the pseudonym key, which may be rotated: no email would be left then to
compute the HMACs again, and who was erased would come back.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from stedi.layout import (
    ERASURE_KEY_FOLDER,
    ERASURES_FOLDER,
    PENDING_ERASURES_FOLDER,
    RECEIPTS_FOLDER,
    RESTRICTED,
)
from stedi.restricted.pseudonym_key import hmac_sha256, new_key
from stedi.restricted.store import RestrictedStore

KEY, ERASURES, PENDING, RECEIPTS = (
    folder.removeprefix(f"{RESTRICTED}/")
    for folder in (ERASURE_KEY_FOLDER, ERASURES_FOLDER, PENDING_ERASURES_FOLDER, RECEIPTS_FOLDER)
)
_KEY_FILE = f"{KEY}/erasure_key"


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

    def erasure_of(self, email: str) -> str:
        """The HMAC of an email in normal form, once there is a key."""
        return hmac_sha256(email, self.key() or "")

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
        names = self._pending()[self.erasure_of(email)]
        return [json.loads(self.store.read(name) or b"{}") for name in names]

    def others_begun(self, emails: Iterable[str]) -> int:
        """The number of other people whose erasures have begun and not ended."""
        return len(self._pending().keys() - {self.erasure_of(email) for email in emails})

    def end(self, emails: Iterable[str]) -> None:
        """Deletes the notes that the erasures of these people have begun."""
        pending = self._pending()
        for email in emails:
            for name in pending[self.erasure_of(email)]:
                self.store.delete(name)

    def keep_receipt(self, name: str, receipt: dict[str, Any]) -> None:
        """Writes the receipt of an erasure that has ended."""
        content = json.dumps(receipt, indent=2) + "\n"
        self.store.create(f"{RECEIPTS}/{name}.json", content.encode())

    def _pending(self) -> dict[str, list[str]]:
        """The notes of erasures that have begun and not ended, by the person's HMAC."""
        found = defaultdict(list)
        for name in self.store.names(PENDING):
            found[_last(name).partition("-")[0]].append(name)
        return found


def _last(name: str) -> str:
    return name.rpartition("/")[2]
