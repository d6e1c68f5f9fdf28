"""A lakehouse on DuckDB that a history happens to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import duckdb
from expected_tables import Rows, row
from histories import PER_MILLE, Build
from lakehouse import Lakehouse
from replay import LAYERS, Outcome

FIRST_GUESS = 120  # changes of a build, where none has ended yet


class OnDuckDB:
    """See replay.Engine."""

    def __init__(self, folder: Path, lakehouse: Lakehouse | None = None) -> None:
        """folder: an empty one. lakehouse: one without deliveries that is to be used."""
        self._folder = folder
        self._lakehouse = lakehouse or Lakehouse(folder / "built")
        self._changes = FIRST_GUESS
        self._rebuilt = 0

    def land(self, source: str, name: str, content: bytes, date: str) -> None:
        self._lakehouse.land(source, name, content, date)

    def build(self, build: Build) -> Outcome:
        kill_at = build.killed
        if isinstance(kill_at, int):
            kill_at = kill_at * self._changes // PER_MILLE
        result = self._lakehouse.dbt(*build.arguments, kill_at=kill_at)
        if result.changes is None:
            return Outcome(success=False, killed=True)
        if build.select is None:
            self._changes = result.changes
        return Outcome(result.success, errors=result.errors)

    def tables(self, layers: Iterable[str] = LAYERS) -> dict[str, Rows]:
        return tables(self._lakehouse.database, layers)

    def rebuilt(self, scope: str) -> dict[str, Rows]:
        return self.rebuilt_from(self._lakehouse.landing, scope)

    def rebuilt_from(self, landing: Path, scope: str) -> dict[str, Rows]:
        """The tables of a new lakehouse that a landing root was built in."""
        self._rebuilt += 1
        other = Lakehouse(self._folder / f"rebuilt-{self._rebuilt}")
        other.landing = landing
        result = other.dbt(*Build(scope=scope, full_refresh=True).arguments)
        assert result.success, result.errors
        return tables(other.database)


def tables(database: Path, layers: Iterable[str] = LAYERS) -> dict[str, Rows]:
    """All rows of all tables of a database file, or of some layers."""
    found: dict[str, Rows] = {}
    schemas = [f"stedi_{layer}" for layer in layers]
    with duckdb.connect(database, read_only=True) as connection:
        names = connection.execute(
            "select table_schema || '.' || table_name from information_schema.tables "
            "where list_contains(?, table_schema) order by 1",
            [schemas],
        ).fetchall()
        for (name,) in names:
            cursor = connection.execute(f"select * from {name}")
            columns = [column[0] for column in cursor.description]
            found[name] = Counter(row(columns, values) for values in cursor.fetchall())
    return found
