"""dbt-duckdb plugin: what Glue and Athena give the athena target, for the duckdb target.

- the catalog `landing` (in memory, made anew at each start): the landing tables as views that read
  the files themselves, and the one-row table of the pseudonym key
- the function hmac_sha256, which DuckDB lacks

Files that DuckDB's CSV reader would not give line for line are read in Python instead, so that
every line of every file is there. A file that cannot be read stops dbt before any table changes.
"""

from __future__ import annotations

import atexit
import hashlib
import hmac
import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
from dbt.adapters.duckdb.plugins import BasePlugin
from dbt_common.exceptions import DbtRuntimeError

from landing_files import (
    CSV_LONGEST_LINE,
    CSV_NULL,
    CSV_SEPARATOR,
    LANDED,
    UnreadableFile,
    check_readable,
    is_plain,
    landed_files,
    read_lines,
)
from pseudonym_key import UnreadableKey, key_file, read_key

# The date is cut out of the file's name, not left to hive_partitioning, which would take any folder
# above the landing root that is named like `line=x` for a partition too. Either way DuckDB opens
# only the files of the dates that a query asks for.
_PLAIN_LINES = f"""
    select
        line,
        parse_filename(filename) as file_name,
        regexp_extract(filename, '/ingest_date=([^/]*)/[^/]*$', 1) as ingest_date
    from read_csv(
        {{files}}, columns = {{{{'line': 'varchar'}}}}, delim = '{CSV_SEPARATOR}', quote = '',
        escape = '', comment = '', nullstr = '{CSV_NULL}', header = false, auto_detect = false,
        strict_mode = false, hive_partitioning = false, filename = true,
        max_line_size = {CSV_LONGEST_LINE}
    )
"""
# read_csv takes a path with one of these for a pattern, and a backslash for a separator. (Escaped,
# it lists the folder, and fails if any name there begins with a backslash.)
_PATTERN = re.compile(r"[*?\[\\]")
_LINES_AT_ONCE = 10_000


class Files(NamedTuple):
    """An entity's landed files: those that DuckDB reads, and (ingest_date, path) of the others."""

    plain: list[Path]
    other: list[tuple[str, Path]]


def hmac_sha256(message: str, key: str) -> str:
    """HMAC-SHA256 (RFC 2104) of a text under a key, both as UTF-8, in lower-case hex."""
    return hmac.new(key.encode(), message.encode(), hashlib.sha256).hexdigest()


def sort_files(root: Path, entity: str) -> Files:
    """Sorts an entity's landed files by who reads them. Raises UnreadableFile for any of them."""
    files = Files([], [])
    for ingest_date, path in landed_files(root, entity):
        if is_plain(path) and not _PATTERN.search(str(path)):
            files.plain.append(path)
        else:
            check_readable(path)
            files.other.append((ingest_date, path))
    return files


class Plugin(BasePlugin):
    """Loaded by the duckdb target of profiles.yml; its config gives `landing`, the landing root."""

    def initialize(self, plugin_config: dict[str, Any]) -> None:
        self.root = Path(plugin_config["landing"]).resolve()

    def configure_connection(self, conn: duckdb.DuckDBPyConnection) -> None:
        """Provides the catalog and the function. Raises DbtRuntimeError."""
        # All files are read before the database is touched: dbt connects a second time to roll
        # back, and must meet the same error again, not the half of a first attempt.
        try:
            zones = {entity: sort_files(self.root, entity) for entity in LANDED}
            key = read_key(key_file())
        except (UnreadableFile, UnreadableKey) as error:
            raise DbtRuntimeError(f"{error}. No table has been changed.") from None
        # Left open at the exit of sqlfluff, say, it has DuckDB print a page of leaks.
        atexit.register(conn.close)
        conn.create_function("hmac_sha256", hmac_sha256, ["VARCHAR", "VARCHAR"], "VARCHAR")
        conn.execute("attach ':memory:' as landing")
        conn.execute("create schema landing.stedi_landing")
        conn.execute("create schema landing.stedi_restricted")
        _provide_key(conn, key)
        for entity, files in zones.items():
            _provide_lines(conn, entity, files)


def _provide_key(conn: duckdb.DuckDBPyConnection, key: str | None) -> None:
    table = "landing.stedi_restricted.pseudonym_key"
    conn.execute(f"create table {table} (pseudonym_key varchar)")
    if key:
        conn.execute(f"insert into {table} values (?)", [key])


def _provide_lines(conn: duckdb.DuckDBPyConnection, entity: str, files: Files) -> None:
    table = f"landing.stedi_landing.{entity}"
    conn.execute(
        f"create table {table}_other (line varchar, file_name varchar, ingest_date varchar)"
    )
    for ingest_date, path in files.other:
        for lines in _batches(read_lines(path)):
            conn.execute(
                f"insert into {table}_other select unnest(?::varchar[]), ?, ?",
                [lines, path.name, ingest_date],
            )
    parts = [f"select line, file_name, ingest_date from {table}_other"]
    if files.plain:  # read_csv takes no empty list
        parts.append(plain_lines(files.plain))
    conn.execute(f"create view {table} as {' union all '.join(parts)}")


def _batches(lines: Iterator[str]) -> Iterator[list[str]]:
    while batch := list(islice(lines, _LINES_AT_ONCE)):
        yield batch


def plain_lines(paths: list[Path]) -> str:
    """A query for the lines of one or more plain files, with their file_name and ingest_date."""
    texts = [str(path).replace("'", "''") for path in paths]
    return _PLAIN_LINES.format(files="[" + ", ".join(f"'{text}'" for text in texts) + "]")
