"""How many bytes there are, and how many a night scans, as far as that is known."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from landing_files import ENTITIES, UnreadableFile, landed_files


@dataclass(frozen=True)
class Night:
    """What a nightly build on Athena scanned after so many days of the benchmark's deliveries."""

    days: int
    landed: int
    scanned: int


@dataclass(frozen=True)
class Sizes:
    """files: what, and bytes; None where they are not known. nights: none where none was measured;
    why_not: why."""

    files: list[tuple[str, int | None]]
    nights: list[Night]
    why_not: str = ""


def sizes(landing: Path, database: Path, measured: Path) -> Sizes:
    """Of the landing zone, the database and what comes beside it, and docs/nightly.json."""
    files = [(f"landed files: {entity}", _landed(landing, entity)) for entity in ENTITIES]
    files.append((f"tables: {database.name}", database.stat().st_size))
    log = database.with_name(database.name + ".wal")
    if log.exists():
        files.append((f"changes not in it yet: {log.name}", log.stat().st_size))
    return Sizes(files, *_nights(measured))


def _landed(landing: Path, entity: str) -> int | None:
    try:
        return sum(path.stat().st_size for _, path in landed_files(landing, entity))
    except UnreadableFile:  # its text names a file, and a file may be named after anybody
        return None


def _nights(measured: Path) -> tuple[list[Night], str]:
    name = f"{measured.parent.name}/{measured.name}"
    if not measured.exists():
        return [], f"{name}: no such file; `make bench` writes it"
    try:
        found = json.loads(measured.read_text(encoding="utf-8"))["athena"]
        nights = [
            Night(
                int(days),
                night["landed"],
                night["night"]["other"]
                + sum(night["night"]["models"].values())
                + sum(night["night"]["tests"].values()),
            )
            for days, night in found.items()
        ]
    except (AttributeError, KeyError, TypeError, ValueError):
        return [], f"{name}: of another version; `make bench` writes it anew"
    nights.sort(key=lambda night: night.days)
    return nights, "" if nights else f"{name}: no night on Athena was measured"
