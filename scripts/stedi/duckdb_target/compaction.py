"""Compacts a DuckDB file: deleted rows stay in it, and CHECKPOINT does not remove them.

All current rows are copied into a new file, which then replaces the old one in one rename. If the
process is killed, either the old or the new file is there, and beside it at most an unfinished one,
which the next compaction removes.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import duckdb

from stedi.errors import StediError
from stedi.storage.atomic import move

UNFINISHED = ".compacting"  # after the database file's own name


class Sizes(NamedTuple):
    """Bytes of the database file, its write-ahead log included, before and after a compaction."""

    before: int
    after: int


def open_database(path: Path, read_only: bool = False) -> duckdb.DuckDBPyConnection:
    """Connects to a database file. Raises StediError, which says so if another process has it."""
    try:
        return duckdb.connect(path, read_only)
    except duckdb.Error as error:
        reason = str(error).strip().partition(" See also")[0].rstrip(".")
        if "lock" in reason:
            holder = reason.rpartition(": ")[2]
            text = f"{path}: another process has it open ({holder}). Wait for it, or close it"
        else:
            text = f"{path}: cannot be opened ({reason}). Name the lakehouse's file in STEDI_DUCKDB"
        raise StediError(f"{text}, and run this again") from error


def check_free(database: Path) -> None:
    """Raises StediError if another process has the database open, as a build does."""
    if database.exists():
        open_database(database).close()


def compact(database: Path) -> None:
    """Compacts a database that no process has open. Raises StediError."""
    if database.exists():
        with open_database(database) as connection:
            [(name,)] = connection.execute("select current_database()").fetchall()
            compact_open(connection, name, database)


def compact_open(connection: duckdb.DuckDBPyConnection, name: str, path: Path) -> Sizes:
    """Replaces the file of an open database by a compacted one; returns the bytes of both.

    connection: one of its own, while no other has an open transaction. name: the database's name
    there. Afterwards the process still has the old file open, so it must change nothing more.
    Raises StediError; the file is then unchanged.
    """
    path = path.resolve()  # a symbolic link stays one
    log = path.with_name(f"{path.name}.wal")
    before = _size_of(path) + _size_of(log)
    remove_unfinished(path)
    new, new_log, _ = unfinished_files(path)
    try:
        # Rows that are only in the log would be lost or, worse, be added to the new file.
        connection.execute(f'checkpoint "{name}"')
        text = str(new).replace("'", "''")
        # The digit keeps the alias apart from the name of any database file that may be used.
        connection.execute(f"attach '{text}' as \"{name} 2\"")
        try:
            connection.execute(f'copy from database "{name}" to "{name} 2"')
        finally:
            connection.execute(f'detach "{name} 2"')
        if _size_of(log) or _size_of(new_log):
            raise StediError(f"{path}: unchanged, because it is being written to; run this again")
        new.chmod(path.stat().st_mode)
        move(new, path)
    except duckdb.Error as error:
        raise StediError(
            f"{path}: unchanged, because compaction failed ({error}). It needs free space equal to "
            "the file's size"
        ) from error
    except OSError as error:
        raise StediError(
            f"{error.filename or new}: {error.strerror}. {path} is unchanged; make its folder "
            "writable, or free space equal to the file's size, and run this again"
        ) from error
    finally:
        remove_unfinished(path)
    return Sizes(before, _size_of(path))


def remove_unfinished(path: Path) -> None:
    """Removes what a killed compaction of a database file left. Raises OSError."""
    for left in unfinished_files(path):
        left.unlink(missing_ok=True)


def unfinished_files(path: Path) -> list[Path]:
    """What a killed compaction of a database file may leave."""
    name = f"{path.name}{UNFINISHED}"
    return [path.with_name(f"{name}{end}") for end in ("", ".wal", ".tmp")]


def _size_of(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
