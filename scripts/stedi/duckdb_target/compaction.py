"""Compacts a DuckDB file: deleted rows stay in it, and CHECKPOINT does not remove them.

The rows that there are go into a new file, which takes the old one's place by one rename. Whoever
is killed leaves the old file or the new one, and beside it at most an unfinished one, which the
next compaction removes.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import duckdb

from stedi.errors import StediError
from stedi.storage.atomic import move

UNFINISHED = ".compacting"  # after the database file's own name


class NotCompacted(StediError):
    """A database file that stays as it was. Its text says why and what to do."""


class Compacted(NamedTuple):
    """Bytes of the database file, its log included."""

    before: int
    after: int


def unfinished_files(path: Path) -> list[Path]:
    """What a compaction of this database file that was killed may have left."""
    name = f"{path.name}{UNFINISHED}"
    return [path.with_name(f"{name}{end}") for end in ("", ".wal", ".tmp")]


def compact(connection: duckdb.DuckDBPyConnection, database: str, path: Path) -> Compacted:
    """Puts a file of the rows that there are in the place of an open database's file.

    connection: one of its own to the database; no transaction may be open on another.
    database: its name there. After this it still reads the old file, so nothing may be changed.
    Raises NotCompacted.
    """
    path = path.resolve()  # a link stays one
    log = path.with_name(f"{path.name}.wal")
    before = size_of(path) + size_of(log)
    _remove(path)
    new = unfinished_files(path)[0]
    try:
        # What is in the log alone would be lost, or worse, be added to the new file.
        connection.execute(f'checkpoint "{database}"')
        text = str(new).replace("'", "''")
        connection.execute(f"attach '{text}' as compacting")
        try:
            connection.execute(f'copy from database "{database}" to compacting')
        finally:
            connection.execute("detach compacting")
        if size_of(log) or size_of(unfinished_files(path)[1]):
            raise NotCompacted(f"{path}: somebody changes it. It stays as it was; run this again")
        new.chmod(path.stat().st_mode)
        move(new, path)
    except duckdb.Error as error:
        raise NotCompacted(
            f"{path}: it stays as it was, as no compacted one could be made: {error}. It takes as "
            "much space again beside it"
        ) from error
    except OSError as error:
        raise NotCompacted(
            f"{error.filename or new}: {error.strerror}. {path} stays as it was; make it possible "
            "to write to its folder, and run this again"
        ) from error
    finally:
        _remove(path)
    return Compacted(before, size_of(path))


def size_of(path: Path) -> int:
    """Bytes of a file; 0 where there is none."""
    return path.stat().st_size if path.exists() else 0


def _remove(path: Path) -> None:
    for left in unfinished_files(path):
        left.unlink(missing_ok=True)
