"""Copies of landed files that DuckDB cannot read line for line, in Parquet, which it can.

Python reads such a file once, not at each start of dbt, and DuckDB opens the copies of the days
that a query asks for. A copy holds the lines of people, as its original does: it lies under the
entity's own folder, may be read by whom the original may, and goes at the next start after its
original has gone or changed. All copies may be deleted at any time.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from uuid import uuid4

import duckdb

from stedi.duckdb_target.readers import READER, Stamp, may_read
from stedi.landing.files import UnreadableFile, read_lines
from stedi.storage.atomic import move

COPIES_FOLDER = ".duckdb"  # of an entity; readers pass over it
_LINES_AT_ONCE = 10_000


class Copies:
    """The copies of an entity's files, in a folder that readers pass over.

    To be made before the landed files are listed: a copy that another process makes afterwards, of
    a file that came later, is then not taken for one whose original has gone.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "lines"
        self._found: set[Path] = set()
        self._wanted: set[Path] = set()
        self._connection: duckdb.DuckDBPyConnection | None = None
        with suppress(OSError):
            self._found.update(self._folder.iterdir())

    def of(self, ingest_date: str, path: Path, stamp: Stamp) -> Path | None:
        """The copy of a file, made if there is none; None where none can be made or read.

        `stamp` was taken before, so that of a file that changes meanwhile there is another copy at
        the next start. Raises UnreadableFile, as a copy is made of a whole file or not at all.
        """
        known_by = repr((READER, path.name, *stamp)).encode()
        digest = hashlib.sha256(known_by).hexdigest()[:32]
        copy = self._folder / f"{ingest_date}_{digest}.parquet"
        if copy not in self._found and not self._make(path, copy):
            return None
        self._wanted.add(copy)
        return copy if may_read(copy) else None

    def drop_others(self) -> None:
        """Deletes what no landed file has as its copy, and what a killed process has left."""
        for path in self._found - self._wanted:
            with suppress(OSError):
                path.unlink()

    def close(self) -> None:
        """Lets go of what the making of copies took."""
        if self._connection:
            self._connection.close()

    def _make(self, path: Path, copy: Path) -> bool:
        """Makes a copy, whole or not at all; whether it could be done. Raises UnreadableFile."""
        unfinished = copy.with_name(f"unfinished-{uuid4().hex}")
        try:
            copy.parent.mkdir(parents=True, exist_ok=True)
            unfinished.touch(mode=0o600)
            self._write(path, unfinished)
            shutil.copymode(path, unfinished)
            move(unfinished, copy)
        except UnreadableFile:
            raise
        except (OSError, duckdb.Error):
            return False
        finally:
            with suppress(OSError):
                unfinished.unlink(missing_ok=True)
        return True

    def _write(self, path: Path, target: Path) -> None:
        # One connection for all, as each takes longer than a file; not dbt's, which nothing may
        # touch before all files were found to be readable.
        self._connection = self._connection or duckdb.connect()
        self._connection.execute("create or replace table lines (line varchar, file_name varchar)")
        fill(self._connection, "lines", path)
        text = str(target).replace("'", "''")
        self._connection.execute(f"copy lines to '{text}' (format parquet, use_tmp_file false)")


def fill(connection: duckdb.DuckDBPyConnection, table: str, path: Path, *columns: str) -> None:
    """Inserts a file's lines into a table: a line, its file's name and the values of `columns`.

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
