"""How many bytes there are, and how many a night scans, as far as that is known."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from stedi.evidence.lakehouse import Stored


@dataclass(frozen=True)
class Night:
    """What a nightly build on Athena scanned after so many days of the benchmark's deliveries."""

    days: int
    landed: int
    scanned: int


@dataclass(frozen=True)
class Sizes:
    """nights: none where none was measured; why_not: why."""

    files: Stored
    nights: list[Night]
    why_not: str = ""


def sizes(files: Stored, measured: Path) -> Sizes:
    """Of what is stored, and of docs/nightly.json."""
    return Sizes(files, *_nights(measured))


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
