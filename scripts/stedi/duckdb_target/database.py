"""Compacts the DuckDB file that nobody else has open (duckdb_file.py says how)."""

from __future__ import annotations

from pathlib import Path

import duckdb

import stedi.duckdb_target.compaction as duckdb_file
from stedi.errors import StediError


class InUse(StediError):
    """A database that another process has open. Its text says what to do."""


def check_free(database: Path) -> None:
    """Raises InUse where another process has the database open, as a build does."""
    if database.exists():
        _connect(database).close()


def compact(database: Path) -> None:
    """Leaves none but the rows that there are in the file. Raises InUse and NotCompacted."""
    if database.exists():
        with _connect(database) as connection:
            name = connection.execute("select current_database()").fetchone()[0]
            duckdb_file.compact(connection, name, database)


def tidy(database: Path) -> None:
    """Removes what a compaction that was killed has left."""
    for left in duckdb_file.unfinished_files(database):
        left.unlink(missing_ok=True)


def _connect(database: Path) -> duckdb.DuckDBPyConnection:
    try:
        return duckdb.connect(database)
    except duckdb.IOException as error:
        raise InUse(
            f"{database}: another process has it open, a build or a client. Nothing has been "
            "changed there; wait for it, or close it, and run this again"
        ) from error
