"""How many bytes are stored, and how many a nightly build scans, as far as that was measured."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from stedi.evidence.lakehouse import FileSizes


@dataclass(frozen=True)
class Night:
    """A measured nightly build on Athena. days: of history before it; landed, scanned: bytes."""

    days: int
    landed: int
    scanned: int


@dataclass(frozen=True)
class Sizes:
    """Bytes of stored files and of measured nights. problem: why there are no nights, or ""."""

    files: FileSizes
    nights: list[Night]
    problem: str = ""


def read_sizes(files: FileSizes, measured: Path) -> Sizes:
    """The sizes of the page: of files as given, and of the nights in the benchmark's results."""
    return Sizes(files, *_nights(measured))


def _nights(measured: Path) -> tuple[list[Night], str]:
    """The nights, fewest days first, or why there are none."""
    name = f"{measured.parent.name}/{measured.name}"
    if not measured.exists():
        return [], f"{name}: no such file; `make bench` writes it"
    try:
        results = json.loads(measured.read_text(encoding="utf-8"))["athena"]
        nights = [
            Night(
                int(days),
                result["landed"],
                result["night"]["other"]
                + sum(result["night"]["models"].values())
                + sum(result["night"]["tests"].values()),
            )
            for days, result in results.items()
        ]
    except (AttributeError, KeyError, TypeError, ValueError):
        return [], f"{name}: not results of the benchmark; run `make bench` to rewrite it"
    nights.sort(key=lambda night: night.days)
    return nights, "" if nights else f"{name}: no night on Athena was measured"
