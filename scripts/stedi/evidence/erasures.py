"""What the restricted folder tells about erasures: receipts, and what has not been completed.

A receipt names nobody: its people are HMACs under a key that is stored nowhere.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from stedi.errors import StediError
from stedi.restricted.erasures import ERASURES, PENDING, RECEIPTS
from stedi.restricted.store import RestrictedStore


@dataclass(frozen=True)
class Receipt:
    """A completed erasure. lines, files: how many were rewritten in landing, by entity."""

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
    """Everything that is noted of erasures.

    receipts: newest first. unreadable: names of receipts that cannot be read. pending: erasures
    that have begun but not ended. people: how many must not come back. problem: why nothing is
    known, or "".
    """

    receipts: list[Receipt] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    pending: int = 0
    people: int = 0
    problem: str = ""


def read_erasures(store: RestrictedStore) -> Erasures:
    """The erasures that a restricted folder notes."""
    receipts, unreadable = [], []
    try:
        for name in store.names(RECEIPTS):
            try:
                receipts.append(_receipt(json.loads(store.read(name) or b"")))
            except (AttributeError, KeyError, TypeError, ValueError):
                unreadable.append(_file_name(name))
        pending = {_file_name(name).partition("-")[0] for name in store.names(PENDING)}
        people = len(store.names(ERASURES))
    except StediError as error:
        return Erasures(problem=str(error))
    receipts.sort(key=lambda receipt: receipt.when, reverse=True)
    return Erasures(receipts, unreadable, len(pending), people)


def _file_name(name: str) -> str:
    return name.rpartition("/")[2]


def _receipt(content: dict[str, Any]) -> Receipt:
    return Receipt(
        when=str(content["when"]),
        by=str(content["by"]),
        people=len(content["people"]),
        lines={str(entity): int(n) for entity, n in content["lines"].items()},
        files={str(entity): int(n) for entity, n in content["files"].items()},
        shared_devices=int(content["devices_shared_and_kept"]),
        searched_objects=int(content["searched_objects"]),
        searched_bytes=int(content["searched_bytes"]),
    )
