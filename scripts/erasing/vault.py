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
import os
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from uuid import uuid4

from aws_names import (
    ERASURE_KEY_FOLDER,
    ERASURES_FOLDER,
    PENDING_ERASURES_FOLDER,
    RECEIPTS_FOLDER,
    RESTRICTED,
)
from durable import sync
from pseudonym_key import new_key
from storage import Bucket

KEY, ERASURES, PENDING, RECEIPTS = (
    folder.removeprefix(f"{RESTRICTED}/")
    for folder in (ERASURE_KEY_FOLDER, ERASURES_FOLDER, PENDING_ERASURES_FOLDER, RECEIPTS_FOLDER)
)
_KEY_FILE = f"{KEY}/erasure_key"


class UnreadableVault(OSError):
    """Something of erasures that cannot be read. Its text names it and says what to do."""


class Store(Protocol):
    """A restricted folder of small files, by their names `folder/name`."""

    def names(self, folder: str) -> list[str]:
        """The files of a folder, in order."""

    def read(self, name: str) -> bytes | None:
        """What a file holds; None where there is none."""

    def put_new(self, name: str, content: bytes) -> bool:
        """Writes a file, whole or not at all; False, and nothing done, where there is one."""

    def remove(self, name: str) -> None:
        """Removes a file for good, if it is there."""


@dataclass(frozen=True)
class LocalStore:
    """A folder on this machine, that its owner alone may read."""

    root: Path

    def names(self, folder: str) -> list[str]:
        path = self.root / folder
        try:
            found = sorted(p.name for p in path.iterdir()) if path.is_dir() else []
        except OSError as error:
            raise _unreadable(path, error) from error
        return [f"{folder}/{name}" for name in found if not name.startswith(".")]

    def read(self, name: str) -> bytes | None:
        try:
            return (self.root / name).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _unreadable(self.root / name, error) from error

    def put_new(self, name: str, content: bytes) -> bool:
        path = self.root / name
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        unfinished = path.with_name(f".{uuid4().hex}")
        try:
            with open(os.open(unfinished, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.link(unfinished, path)  # unlike a rename, it replaces nothing
        except FileExistsError:
            return False
        finally:
            unfinished.unlink(missing_ok=True)
        sync(path.parent)
        return True

    def remove(self, name: str) -> None:
        path = self.root / name
        path.unlink(missing_ok=True)
        if path.parent.is_dir():
            sync(path.parent)


@dataclass(frozen=True)
class S3Store:
    """The restricted prefix of the lakehouse's bucket."""

    bucket: Bucket

    def names(self, folder: str) -> list[str]:
        found = self.bucket.objects(f"{RESTRICTED}/{folder}/")
        return [each.key.removeprefix(f"{RESTRICTED}/") for each in found]

    def read(self, name: str) -> bytes | None:
        # Whoever may list but some prefixes is not told by S3 that an object is not there.
        if name not in self.names(name.rpartition("/")[0]):
            return None
        return self.bucket.read(f"{RESTRICTED}/{name}")

    def put_new(self, name: str, content: bytes) -> bool:
        return self.bucket.put_new(f"{RESTRICTED}/{name}", content)

    def remove(self, name: str) -> None:
        self.bucket.delete_object(f"{RESTRICTED}/{name}")


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


def _unreadable(path: Path, error: OSError) -> UnreadableVault:
    return UnreadableVault(
        f"{path}: cannot be read ({error.strerror}), so that who was erased is not known; see that "
        "it may be read by whoever runs this"
    )
