"""What is kept of erasures, beside the pseudonym key: who is not to come back, and what was done.

    erasure_key/erasure_key       the key of all that follows, made once
    erasures/HMAC                 a person who was erased; the file holds the HMAC of their email
    pending_erasures/HMAC-….json  an erasure that has begun and not ended: without the email, but
                                  with what must be searched for when what landed is gone
    erasure_receipts/….json       one that has ended

The erasure key is not the pseudonym key, which may be changed: then no email would be there any
more to make the erasures anew, and who was erased would come back.
"""

from __future__ import annotations

import hashlib
import hmac
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
from stedi.restricted.pseudonym_key import new_key
from stedi.restricted.store import Store

KEY, ERASURES, PENDING, RECEIPTS = (
    folder.removeprefix(f"{RESTRICTED}/")
    for folder in (ERASURE_KEY_FOLDER, ERASURES_FOLDER, PENDING_ERASURES_FOLDER, RECEIPTS_FOLDER)
)
_KEY_FILE = f"{KEY}/erasure_key"


@dataclass(frozen=True)
class Vault:
    """Erasures in a store. Every method raises what the store raises."""

    store: Store

    def key(self) -> str | None:
        """The erasure key; None before the first erasure."""
        found = self.store.read(_KEY_FILE)
        return found and found.decode().strip()

    def make_key(self) -> None:
        """Makes the erasure key where there is none."""
        self.store.put_new(_KEY_FILE, f"{new_key()}\n".encode())

    def erasures(self) -> list[str]:
        """The HMACs of all who are not to come back."""
        return [name.rpartition("/")[2] for name in self.store.names(ERASURES)]

    def erasure_of(self, email: str) -> str:
        """The HMAC of an email in normal form, once there is a key."""
        return hmac.new((self.key() or "").encode(), email.encode(), hashlib.sha256).hexdigest()

    def erase(self, email: str) -> None:
        """Notes that a person is not to come back."""
        erasure = self.erasure_of(email)
        self.store.put_new(f"{ERASURES}/{erasure}", f"{erasure}\n".encode())

    def reinstate(self, email: str) -> None:
        """Removes that note, if it is there."""
        self.store.remove(f"{ERASURES}/{self.erasure_of(email)}")

    def begin(self, emails: Iterable[str], kept: dict[str, list[str]]) -> None:
        """Notes that an erasure has begun, and what it must still know when what landed is gone."""
        for email in emails:
            name = f"{PENDING}/{self.erasure_of(email)}-{uuid4().hex}.json"
            self.store.put_new(name, json.dumps(kept).encode())

    def begun(self, email: str) -> list[dict[str, list[str]]]:
        """What erasures of the person that have not ended must still know."""
        names = self._pending()[self.erasure_of(email)]
        return [json.loads(self.store.read(name) or b"{}") for name in names]

    def others_begun(self, emails: Iterable[str]) -> int:
        """How many other people's erasures have begun and not ended."""
        return len(self._pending().keys() - {self.erasure_of(email) for email in emails})

    def end(self, emails: Iterable[str]) -> None:
        """Removes the notes that the erasures of these people have begun."""
        pending = self._pending()
        for email in emails:
            for name in pending[self.erasure_of(email)]:
                self.store.remove(name)

    def keep_receipt(self, name: str, receipt: dict[str, Any]) -> str:
        """Writes a receipt; returns its name."""
        name = f"{RECEIPTS}/{name}.json"
        self.store.put_new(name, (json.dumps(receipt, indent=2) + "\n").encode())
        return name

    def _pending(self) -> dict[str, list[str]]:
        found = defaultdict(list)
        for name in self.store.names(PENDING):
            found[name.rpartition("/")[2].partition("-")[0]].append(name)
        return found
