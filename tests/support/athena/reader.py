"""Somebody who keeps reading tables while something happens to them."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from local_athena.trino import QueryFailed
from support.athena.local import LocalLakehouse
from support.athena.parity import Rows, of_trino


@dataclass
class Seen:
    """What a reader was answered of one table; times are in seconds."""

    answers: list[Rows] = field(default_factory=list)  # each that differs from the one before
    reads: int = 0
    errors: dict[str, int] = field(default_factory=dict)  # Trino's names of them
    missing: float = 0.0  # for how long at most there was no table: between two answers

    def __str__(self) -> str:
        failed = "".join(f", {n} {name}" for name, n in self.errors.items())
        return f"{self.reads} reads{failed}, missing for {1000 * self.missing:.0f} ms"


@contextmanager
def reading(local: LocalLakehouse, tables: Iterable[str]) -> Iterator[dict[str, Seen]]:
    """Reads all rows of the tables in turn, without a pause, for as long as the context lasts."""
    seen = {table: Seen() for table in tables}
    stop = threading.Event()

    def read() -> None:
        answered = dict.fromkeys(seen, time.monotonic())
        gone: set[str] = set()
        while not stop.is_set():
            for table, told in seen.items():
                try:
                    rows = of_trino(local, table)
                except QueryFailed as error:
                    told.errors[error.name] = told.errors.get(error.name, 0) + 1
                    gone |= {table} if error.name == "TABLE_NOT_FOUND" else set()
                    continue
                now = time.monotonic()
                if table in gone:
                    told.missing += now - answered[table]
                    gone.remove(table)
                answered[table] = now
                told.reads += 1
                if not told.answers or told.answers[-1] != rows:
                    told.answers.append(rows)

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    try:
        yield seen
    finally:
        stop.set()
        thread.join()
