"""What the nights of a year are measured with, and what comes of it, on either engine."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from history import Shape, date_of, deliver
from measure import Measure
from stedi.synthetic.records import SOURCES

WITHOUT_TESTS = ("--exclude-resource-type", "test", "--exclude-resource-type", "unit_test")
NIGHTS = 3  # before the one that is measured, so that it finds tables as nights leave them
# What a build may find that has no new reading to build.
NOTHING = "nothing new"
PERSON = ("one person withdraws", "one person gives consent")
PEOPLE = "1 % of the people change, half each way"
USD_PER_BYTE = 5 / (1 << 40)  # of Athena


@dataclass(frozen=True)
class Build:
    """A build on Athena: bytes scanned by each model, each test, and by the other queries.

    charged: the bytes that Athena takes money for, which are 10 MB a query at least.
    """

    models: dict[str, int]
    tests: dict[str, int]
    other: int
    charged: int
    queries: int
    seconds: float

    @property
    def all(self) -> int:
        """Bytes scanned by all of it."""
        return self.other + sum(self.models.values()) + self.tested

    @property
    def tested(self) -> int:
        """Bytes scanned by its tests."""
        return sum(self.tests.values())

    @property
    def usd(self) -> float:
        """What Athena takes for it."""
        return self.charged * USD_PER_BYTE


@dataclass(frozen=True)
class Scanned:
    """One night on Athena after so many days of history. Sizes are in bytes.

    landed: with the night's own delivery. refresh: a full refresh of `refreshed` bytes landed.
    course: what the course's way would read of all that landed.
    """

    landed: int
    delivered: int
    night: Build
    refresh: Build
    refreshed: int
    course: int


@dataclass(frozen=True)
class Took:
    """One night on DuckDB: the median of `nights`, and a full refresh of the same."""

    landed: int
    delivered: int
    readings: int
    night: Measure
    nights: tuple[Measure, ...] = ()
    refresh: Measure | None = None


@dataclass(frozen=True)
class Year:
    """All that was measured. Keys are days of history, for `sizes` readings a day.

    changes: builds after the longest history that find nothing new but people's consent, by what
    they find; "nothing" is the one to compare the others with. measured: on what, by engine.
    """

    athena: dict[int, Scanned] = field(default_factory=dict)
    changes: dict[str, Build] = field(default_factory=dict)
    duckdb: dict[int, Took] = field(default_factory=dict)
    sizes: dict[int, Took] = field(default_factory=dict)
    measured: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, figures: dict[str, Any]) -> Year:
        """A year from its figures, as dataclasses.asdict and JSON leave them."""
        return cls(
            {int(days): _scanned(found) for days, found in figures["athena"].items()},
            {what: Build(**found) for what, found in figures["changes"].items()},
            {int(days): _took(found) for days, found in figures["duckdb"].items()},
            {int(size): _took(found) for size, found in figures["sizes"].items()},
            figures["measured"],
        )


def _scanned(found: dict[str, Any]) -> Scanned:
    builds = {name: Build(**found[name]) for name in ("night", "refresh")}
    return Scanned(**{**found, **builds})


def _took(found: dict[str, Any]) -> Took:
    nights = tuple(Measure(**night) for night in found["nights"])
    refresh = found["refresh"] and Measure(**found["refresh"])
    night = Measure(**found["night"])
    return Took(**{**found, "night": night, "nights": nights, "refresh": refresh})


class Deliveries:
    """A store of days, written once, of which landing zones are made."""

    def __init__(self, store: Path, shape: Shape) -> None:
        self.shape = shape
        self._store = store
        self._bytes: dict[int, int] = {}

    def bytes(self, days: Iterable[int]) -> int:
        """How large the days are."""
        return sum(self._written(day) for day in days)

    def by_source(self, days: Iterable[int]) -> dict[str, int]:
        """How large the days are, by source."""
        days = [*days]
        self.bytes(days)
        return {
            source: sum(path.stat().st_size for day in days for path in self._files(source, day))
            for source in SOURCES
        }

    def land(self, root: Path, days: Iterable[int]) -> Path:
        """Has the days lie in a landing root too, without another copy; returns the root."""
        for day in days:
            self._written(day)
            for source in SOURCES:
                for path in self._files(source, day):
                    place = root / path.relative_to(self._store)
                    place.parent.mkdir(parents=True, exist_ok=True)
                    os.link(path, place)
        return root

    def remove(self) -> None:
        """Frees the room; what has landed stays."""
        shutil.rmtree(self._store, ignore_errors=True)
        self._bytes.clear()

    def _written(self, day: int) -> int:
        if day not in self._bytes:
            self._bytes[day] = deliver(self._store, day, self.shape)
        return self._bytes[day]

    def _files(self, source: str, day: int) -> Iterable[Path]:
        return (self._store / source / "landing" / f"ingest_date={date_of(day)}").glob("*")


def rebuilt_days(history: int, nights: int = NIGHTS) -> int:
    """How many days of a history a full refresh brings; the rest comes night by night."""
    return max(1, history - nights)
