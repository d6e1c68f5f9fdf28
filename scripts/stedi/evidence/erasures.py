"""What is kept of erasures, in a restricted folder: receipts, and what has not ended.

A receipt names nobody: its people are HMACs under a key that is kept nowhere.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from stedi.errors import StediError
from stedi.restricted.erasures import ERASURES, PENDING, RECEIPTS
from stedi.restricted.store import RestrictedStore


@dataclass(frozen=True)
class Receipt:
    """An erasure that has ended. lines, files: of the landing zone, by entity."""

    when: str
    by: str
    people: int
    lines: dict[str, int]
    files: dict[str, int]
    shared_devices: int
    searched_objects: int
    searched_bytes: int


@dataclass(frozen=True)
class Erasures:
    """Receipts, the newest first; those that cannot be read, by name; how many erasures have begun
    and not ended, and how many people are not to come back. why_not: why nothing is known."""

    receipts: list[Receipt] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    pending: int = 0
    people: int = 0
    why_not: str = ""


def erasures(kept: RestrictedStore) -> Erasures:
    """What is kept there."""
    found, unreadable = [], []
    try:
        for name in kept.names(RECEIPTS):
            try:
                found.append(_receipt(json.loads(kept.read(name) or b"")))
            except (AttributeError, KeyError, TypeError, ValueError):
                unreadable.append(_last(name))
        pending = {_last(name).partition("-")[0] for name in kept.names(PENDING)}
        people = len(kept.names(ERASURES))
    except StediError as error:
        return Erasures(why_not=str(error))
    found.sort(key=lambda receipt: receipt.when, reverse=True)
    return Erasures(found, unreadable, len(pending), people)


def _last(name: str) -> str:
    return name.rpartition("/")[2]


def _receipt(kept: dict) -> Receipt:
    return Receipt(
        when=str(kept["when"]),
        by=str(kept["by"]),
        people=len(kept["people"]),
        lines={str(entity): int(n) for entity, n in kept["lines"].items()},
        files={str(entity): int(n) for entity, n in kept["files"].items()},
        shared_devices=int(kept["devices_shared_and_kept"]),
        searched_objects=int(kept["searched_objects"]),
        searched_bytes=int(kept["searched_bytes"]),
    )
