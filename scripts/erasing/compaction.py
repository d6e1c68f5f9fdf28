"""A DuckDB file without the rows that were deleted from it, which CHECKPOINT leaves there."""

from __future__ import annotations

import os
from pathlib import Path

import duckdb

from erasing.vault import sync_folder

_UNFINISHED = ".compacting"


class InUse(OSError):
    """A database that another process has open. Its text says what to do."""


def check_free(database: Path) -> None:
    """Raises InUse where another process has the database open, as a build does."""
    if database.exists():
        _connect(database).close()


def compact(database: Path) -> None:
    """Writes what is in a database to a new file, which takes its place in one step.

    Raises InUse, and duckdb.Error; the database is then as it was.
    """
    if not database.exists():
        return
    unfinished = database.with_name(database.name + _UNFINISHED)
    tidy(database)
    with _connect(database) as connection:
        connection.execute("checkpoint")
        name = connection.execute("select current_database()").fetchone()[0]
        text = str(unfinished).replace("'", "''")
        connection.execute(f"attach '{text}' as compacting")
        connection.execute(f'copy from database "{name}" to compacting')
        connection.execute("detach compacting")
    unfinished.chmod(database.stat().st_mode)
    with open(unfinished, "rb+") as file:
        os.fsync(file.fileno())
    os.replace(unfinished, database)
    sync_folder(database.parent)


def tidy(database: Path) -> None:
    """Removes what a compaction that was killed has left."""
    for left in database.parent.glob(f"{database.name}{_UNFINISHED}*"):
        left.unlink(missing_ok=True)


def _connect(database: Path) -> duckdb.DuckDBPyConnection:
    try:
        return duckdb.connect(database)
    except duckdb.IOException as error:
        raise InUse(
            f"{database}: another process has it open, a build or a client. Nothing has been "
            "changed there; wait for it, or close it, and run this again"
        ) from error
