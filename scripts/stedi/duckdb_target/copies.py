"""Copies, in Parquet, of landed files whose lines DuckDB cannot read exactly. Safe to delete.

Python reads such a file once instead of at each start of dbt, and DuckDB opens only the copies of
the days that a query asks for. A copy holds the lines of people just as its original does: it lies
under the same entity, has the same permissions, and is deleted at the first start after its
original was removed or changed.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path

import duckdb

from stedi.duckdb_target.readers import READER, Stamp, may_read
from stedi.landing.files import read_lines
from stedi.storage.atomic import move, unfinished_name

COPIES_FOLDER = ".duckdb"  # in an entity's folder of the landing root, where readers ignore it
_LINES_AT_ONCE = 10_000


class Copies:
    """The copies of an entity's files, in a folder that readers of the landing zone ignore.

    Create it before listing the landed files. Otherwise a copy that another process makes of a file
    that has just landed could be taken for one whose original is gone.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "lines"
        self._existing: set[Path] = set()
        self._wanted: set[Path] = set()
        self._connection: duckdb.DuckDBPyConnection | None = None
        with suppress(OSError):
            self._existing.update(self._folder.iterdir())

    def of(self, ingest_date: str, path: Path, stamp: Stamp) -> Path | None:
        """The copy of a file, made if there is none; None if it cannot be made or read.

        stamp: taken before, so that a file that changes meanwhile is copied again at the next
        start. Raises UnreadableFile: only whole files are copied.
        """
        version = repr((READER, path.name, *stamp)).encode()
        digest = hashlib.sha256(version).hexdigest()[:32]
        copy = self._folder / f"{ingest_date}_{digest}.parquet"
        if copy not in self._existing and not self._make(path, copy):
            return None
        self._wanted.add(copy)
        return copy if may_read(copy) else None

    def delete_others(self) -> None:
        """Deletes copies that were not asked for, and what a killed process left."""
        for path in self._existing - self._wanted:
            with suppress(OSError):
                path.unlink()

    def close(self) -> None:
        """Frees what making copies took."""
        if self._connection:
            self._connection.close()

    def _make(self, path: Path, copy: Path) -> bool:
        """Copies a whole file; returns whether that was possible. Raises UnreadableFile."""
        unfinished = unfinished_name(copy)
        try:
            copy.parent.mkdir(parents=True, exist_ok=True)
            unfinished.touch(mode=0o600)
            self._write(path, unfinished)
            shutil.copymode(path, unfinished)
            move(unfinished, copy)
        except (OSError, duckdb.Error):
            return False
        finally:
            with suppress(OSError):
                unfinished.unlink(missing_ok=True)
        return True

    def _write(self, path: Path, target: Path) -> None:
        # One connection for all copies, since opening one takes longer than copying a file. Not
        # dbt's connection, which must stay unused until all files were found to be readable.
        self._connection = self._connection or duckdb.connect()
        self._connection.execute("create or replace table lines (line varchar, file_name varchar)")
        fill(self._connection, "lines", path)
        text = str(target).replace("'", "''")
        self._connection.execute(f"copy lines to '{text}' (format parquet, use_tmp_file false)")


def fill(connection: duckdb.DuckDBPyConnection, table: str, path: Path, *columns: str) -> None:
    """Inserts a file's lines into a table: the line, its file's name, and the values of `columns`.

    Raises UnreadableFile, maybe after some lines.
    """
    values = ", ".join("?" for _ in (path.name, *columns))
    for lines in _batches(read_lines(path)):
        connection.execute(
            f"insert into {table} select unnest(?::varchar[]), {values}",
            [lines, path.name, *columns],
        )


def _batches(lines: Iterator[str]) -> Iterator[list[str]]:
    while batch := list(islice(lines, _LINES_AT_ONCE)):
        yield batch
