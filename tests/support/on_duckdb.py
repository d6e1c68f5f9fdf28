"""A lakehouse on DuckDB that a history happens to."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from support.duckdb_tables import tables, texts_in, unpack
from support.erasing_on_duckdb import Killed, erase, erasure_in, held
from support.histories import PER_MILLE, Build
from support.lakehouse import Lakehouse
from support.oracle import Line, Rows, landed_lines
from support.replay import LAYERS, Outcome

REMEMBERED = ("erasures", "erasure_key", "device_claims")  # of people who were erased
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

    def link(self, source: str, date: str) -> None:
        day = self._lakehouse.landing / source / "landing" / f"ingest_date={date}"
        if not day.exists():
            elsewhere = self._lakehouse.folder / "elsewhere" / source / date
            elsewhere.mkdir(parents=True)
            day.parent.mkdir(parents=True, exist_ok=True)
            day.symlink_to(elsewhere)

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

    def unpack(self) -> None:
        """Has texts stand in the database file as they are, so that they can be counted there."""
        unpack(self._lakehouse)

    def maintain(self) -> None:
        result = self._lakehouse.dbt("run-operation", "maintain")
        assert result.success, result.errors

    def left_behind(self, texts: dict[str, str]) -> list[str]:
        """Texts that the unpacked file has more often than its rows do."""
        content, rows = self._lakehouse.database.read_bytes(), texts_in(self._lakehouse)
        print(f"{len(content):,} bytes searched, of the database's file")
        return [
            f"{what}: {content.count(text.encode())} times in the file, {rows.count(text)} in rows"
            for what, text in texts.items()
            if content.count(text.encode()) != rows.count(text)
        ]

    def erase(self, emails: list[str], killed: int | None = None) -> None:
        if killed is not None:
            with suppress(Killed):
                erase(self._lakehouse, *emails, kill_before=killed)
        erase(self._lakehouse, *emails)

    def reinstate(self, emails: list[str]) -> None:
        erasure_in(self._lakehouse).reinstate(emails, "a test")

    def holds(self, texts: dict[str, str]) -> dict[str, list[str]]:
        return held(self._lakehouse.folder, texts)

    def tables(self, layers: Iterable[str] = LAYERS) -> dict[str, Rows]:
        return tables(self._lakehouse.database, layers)

    def landed(self) -> list[Line]:
        return landed_lines(self._lakehouse.landing)

    def rebuilt(self, scope: str) -> dict[str, Rows]:
        return self.rebuilt_from(self._lakehouse.folder, scope)

    def rebuilt_from(self, root: Path, scope: str) -> dict[str, Rows]:
        """The tables of a new lakehouse, built by the same project, of the landing zone in `root`
        and without whom the erasures noted there withhold. Where a test has broken the project,
        the refresh is broken too: what is compared is a night with a refresh of the same SQL."""
        self._rebuilt += 1
        other = Lakehouse(self._folder / f"rebuilt-{self._rebuilt}", self._lakehouse.project)
        other.landing = root / "landing"
        for restricted in REMEMBERED:
            if (root / restricted).exists():
                shutil.copytree(root / restricted, other.folder / restricted)
        result = other.dbt(*Build(scope=scope, full_refresh=True).arguments)
        assert result.success, result.errors
        return tables(other.database)
