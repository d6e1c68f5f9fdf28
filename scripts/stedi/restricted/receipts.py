"""Receipts of erasures and reinstatements, as a chain: none is changed or removed unnoticed.

    erasure_receipts/000001.json    holds the SHA-256 of the one before
    receipt_hashes/000001           the SHA-256 of the receipt, so that the last one is missed too

Earlier versions gave receipts other names and no chain; the first receipt of the chain holds their
SHA-256s. Who can write all of the restricted part can forge a chain. Who has been given a receipt
with its SHA-256 can prove it.
"""

from __future__ import annotations

import hashlib
import json
import platform
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from stedi.layout import RECEIPT_HASHES_FOLDER, RECEIPTS_FOLDER, RESTRICTED
from stedi.restricted.store import RestrictedStore

RECEIPTS = RECEIPTS_FOLDER.removeprefix(f"{RESTRICTED}/")
HASHES = RECEIPT_HASHES_FOLDER.removeprefix(f"{RESTRICTED}/")
_NUMBERED = re.compile(r"([0-9]{6})(?:\.json)?")


@dataclass(frozen=True)
class Receipts:
    """The receipts of a lakehouse. Every method raises what the store raises."""

    store: RestrictedStore

    def add(self, content: dict[str, Any]) -> tuple[str, str]:
        """Adds a receipt to the chain, with when, where and by which version it was made.

        Returns its number and its SHA-256.
        """
        while True:
            receipts, hashes = self._numbered(RECEIPTS), self._numbered(HASHES)
            # The number of a receipt that was removed is not given again.
            last = max([0, *receipts, *hashes])
            receipt = {
                "number": last + 1,
                "previous": self._hash_to_follow(last, receipts, hashes),
                "when": datetime.now(UTC).isoformat(timespec="seconds"),
                "host": platform.node(),
                "version": version("stedi-lakehouse"),
                **content,
            }
            if last == 0:
                receipt["earlier"] = {n: self._sha256(n) for n in self.store.names(RECEIPTS)}
            data = (json.dumps(receipt, indent=2) + "\n").encode()
            number = f"{last + 1:06}"
            if self.store.create(f"{RECEIPTS}/{number}.json", data):
                digest = hashlib.sha256(data).hexdigest()
                self.store.create(f"{HASHES}/{number}", digest.encode())
                return number, digest

    def problems(self) -> list[str]:
        """What is wrong with the chain: receipts that are missing or were changed."""
        receipts, hashes = self._numbered(RECEIPTS), self._numbered(HASHES)
        contents = {number: self.store.read(name) or b"" for number, name in receipts.items()}
        digests = {n: hashlib.sha256(content).hexdigest() for n, content in contents.items()}
        return [
            *self._broken_links(digests, hashes, {n: _parsed(c) for n, c in contents.items()}),
            *self._changed_earlier(_parsed(contents.get(1, b""))),
        ]

    def _broken_links(
        self, digests: dict[int, str], hashes: dict[int, str], receipts: dict[int, dict[str, Any]]
    ) -> Iterator[str]:
        last = max([0, *digests, *hashes])
        for number in range(1, last + 1):
            if number not in digests:
                yield f"receipt {number} is missing"
                continue
            noted = (self.store.read(hashes[number]) or b"").decode() if number in hashes else ""
            # Of the last one the hash may be missing: the erasure was interrupted between the two.
            if noted != digests[number] and (noted or number < last):
                yield f"receipt {number} was changed, or its hash was"
            previous = receipts[number].get("previous", "")
            if number - 1 in digests and previous != digests[number - 1]:
                yield f"receipt {number} does not follow receipt {number - 1}"

    def _changed_earlier(self, first: dict[str, Any]) -> Iterator[str]:
        earlier = first.get("earlier", {})
        there = {name for name in self.store.names(RECEIPTS) if not _number(name)}
        for name in sorted(earlier.keys() - there):
            yield f"{_last(name)} is missing"
        for name in sorted(there & earlier.keys()):
            if self._sha256(name) != earlier[name]:
                yield f"{_last(name)} was changed"
        if first:
            for name in sorted(there - earlier.keys()):
                yield f"{_last(name)} was added later, and is not in the chain"

    def _hash_to_follow(self, last: int, receipts: dict[int, str], hashes: dict[int, str]) -> str:
        """The SHA-256 of the last receipt, or what is noted of it if it is gone."""
        if last in receipts:
            digest = self._sha256(receipts[last])
            self.store.create(f"{HASHES}/{last:06}", digest.encode())  # if that was interrupted
            return digest
        return (self.store.read(hashes[last]) or b"").decode() if last else ""

    def _numbered(self, folder: str) -> dict[int, str]:
        """The files of the chain in a folder, by number."""
        names = self.store.names(folder)
        return {number: name for name in names if (number := _number(name))}

    def _sha256(self, name: str) -> str:
        return hashlib.sha256(self.store.read(name) or b"").hexdigest()


def _number(name: str) -> int:
    found = _NUMBERED.fullmatch(_last(name))
    return int(found[1]) if found else 0


def _last(name: str) -> str:
    return name.rpartition("/")[2]


def _parsed(content: bytes) -> dict[str, Any]:
    try:
        found = json.loads(content)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
