"""What is kept of erasures, beside the pseudonym key: receipts, and what has not ended.

A receipt names nobody: its people are HMACs under a key that is kept nowhere.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

from erasing.vault import ERASURES, PENDING, RECEIPTS


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


def erasures(folder: Path) -> Erasures:
    """What is kept in the folder of the pseudonym key."""
    found, unreadable = [], []
    try:
        for path in _files(folder / RECEIPTS):
            try:
                found.append(_receipt(json.loads(path.read_text(encoding="utf-8"))))
            except (AttributeError, KeyError, TypeError, ValueError):
                unreadable.append(path.name)
        pending = {path.name.partition("-")[0] for path in _files(folder / PENDING)}
        people = len(_files(folder / ERASURES))
    except OSError as error:
        what = "see that it may be read by whoever runs this"
        return Erasures(why_not=f"{error.filename}: cannot be read ({error.strerror}); {what}")
    found.sort(key=lambda receipt: receipt.when, reverse=True)
    return Erasures(found, unreadable, len(pending), people)


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_file()) if folder.is_dir() else []


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
