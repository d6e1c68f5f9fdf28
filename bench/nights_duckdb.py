"""Nights on DuckDB: whole `dbt build` processes, by the clock and with their memory."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from contenders import database, dbt, environment, fresh
from correctness import differences
from history import Shape, expected
from measure import Failed, Measure, middle, run
from nights import WITHOUT_TESTS, Deliveries, Took, rebuilt_days
from project import PROJECT

HISTORY = 2  # days before the night, where it is the size of the day that matters
READINGS_OF_A_PERSON = 54  # a day, there


class Lakehouse:
    """A database file with `history` days in it, and the next day landed but not built."""

    def __init__(self, folder: Path, deliveries: Deliveries, history: int) -> None:
        self._folder = fresh(folder)
        self._deliveries, self._history = deliveries, history
        self._landing = folder / "landing"
        self._work = fresh(folder / "work")
        rebuilt = rebuilt_days(history)
        deliveries.land(self._landing, range(rebuilt))
        self._build("rebuild", "--full-refresh", *WITHOUT_TESTS)
        for day in range(rebuilt, history):
            deliveries.land(self._landing, [day])
            self._build(f"night-{day}", *WITHOUT_TESTS)
        self._work.rename(self._saved)
        deliveries.land(self._landing, [history])

    def night(self) -> Measure:
        """Builds the day, tests and all; the next call finds everything as this one did.

        Raises Failed where it did not make what it should have.
        """
        shutil.rmtree(self._work, ignore_errors=True)
        shutil.copytree(self._saved, self._work)  # in one place, lest dbt parse all of it anew
        os.sync()  # the copy's own writing is not the night's
        measured = self._build("night")
        self._check()
        return measured

    def refresh(self) -> Measure:
        """Builds all of it anew. Raises Failed as `night` does."""
        measured = self._build("refresh", "--full-refresh")
        self._check()
        return measured

    def took(self, nights: list[Measure], refresh: Measure | None = None) -> Took:
        """What the nights took, beside how much they had to do."""
        days = range(self._history + 1)
        landed, delivered = (self._deliveries.bytes(some) for some in (days, days[-1:]))
        readings = self._deliveries.shape.readings
        return Took(landed, delivered, readings, middle(nights), tuple(nights), refresh)

    def remove(self) -> None:
        """Frees the room."""
        shutil.rmtree(self._folder)

    @property
    def _saved(self) -> Path:
        return self._folder / "saved"

    def _build(self, name: str, *options: str) -> Measure:
        command = dbt(self._landing, self._work, "build", *options)
        log = self._folder / f"{name}.log"
        return run(command.arguments, environment(command), PROJECT, log)

    def _check(self) -> None:
        rows = expected(self._deliveries.shape, self._history + 1)
        if wrong := differences(database(self._work), rows):
            raise Failed(f"{self._folder} came out wrong: " + "; ".join(wrong))


def by_history(
    folder: Path, shape: Shape, histories: Sequence[int], repeat: int
) -> Iterator[tuple[int, Took]]:
    """A night after each number of days, `repeat` times by turns, for noise to meet all of them."""
    deliveries = Deliveries(folder / "days", shape)
    lakehouses = {
        history: Lakehouse(folder / f"after-{history}", deliveries, history)
        for history in histories
    }
    rounds = [
        {history: lakehouse.night() for history, lakehouse in lakehouses.items()}
        for _ in range(repeat)
    ]
    for history, lakehouse in lakehouses.items():
        nights = [each[history] for each in rounds]
        yield history, lakehouse.took(nights, lakehouse.refresh())
        lakehouse.remove()
    deliveries.remove()


def by_size(folder: Path, sizes: Sequence[int]) -> Iterator[tuple[int, Took]]:
    """A night of so many readings each, once; more readings are more people's."""
    for readings in sizes:
        shape = Shape(max(1, readings // READINGS_OF_A_PERSON), readings)
        deliveries = Deliveries(folder / "days", shape)
        lakehouse = Lakehouse(folder / f"of-{readings}", deliveries, HISTORY)
        yield readings, lakehouse.took([lakehouse.night()])
        lakehouse.remove()
        deliveries.remove()
