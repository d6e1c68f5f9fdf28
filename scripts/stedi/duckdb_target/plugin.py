"""dbt-duckdb plugin: what Glue and Athena give the athena target, for the duckdb target.

- the catalog `landing` (in memory, made anew at each start): the landing tables as views that read
  the files themselves, and the restricted tables: the pseudonym key, the key of erasures, and who
  was erased
- the function hmac_sha256, which DuckDB lacks
- the function compact_database, which makes the database file anew (duckdb_file.py)

Files that DuckDB's CSV reader would not give line for line are read in Python instead, so that
every line of every file is there. A file that cannot be read stops dbt before any table changes.

A start reads what has landed since the last one. What it must know of the rest lies in a folder of
each entity that readers pass over, <entity>/.duckdb/: who reads a file (verdicts.py), and copies of
what Python has read (line_copies.py). Where that cannot be written to, each start reads it all.
"""

from __future__ import annotations

import atexit
import re
import weakref
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
from dbt.adapters.duckdb.plugins import BasePlugin
from dbt_common.exceptions import DbtRuntimeError

from stedi.duckdb_target.compaction import NotCompacted, compact
from stedi.duckdb_target.copies import COPIES_FOLDER, Copies, fill
from stedi.duckdb_target.readers import Stamp, Verdicts
from stedi.errors import StediError
from stedi.landing.files import (
    CSV_LONGEST_LINE,
    CSV_NULL,
    CSV_SEPARATOR,
    check_readable,
    landed_files,
)
from stedi.layout import LANDED
from stedi.restricted.erasures import ErasureRegister
from stedi.restricted.pseudonym_key import hmac_sha256, key_file, read_key
from stedi.restricted.store import RestrictedStore
from stedi.storage.folder import FolderStorage

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
# The date is in the name of a copy too, and for the same reason.
_COPIED_LINES = """
    select line, file_name, regexp_extract(filename, '/([^/_]*)_[^/]*$', 1) as ingest_date
    from read_parquet({files}, hive_partitioning = false, filename = true)
"""
# Both take a path with one of these for a pattern, and a backslash for a separator. (Escaped,
# it lists the folder, and fails if any name there begins with a backslash.)
_PATTERN = re.compile(r"[*?\[\\]")


class Files(NamedTuple):
    """An entity's landed files: those that DuckDB reads, copies of the others, and where there can
    be no copy (ingest_date, path)."""

    plain: list[Path]
    copies: list[Path]
    other: list[tuple[str, Path]]


def sort_files(root: Path, entity: str) -> Files:
    """Sorts an entity's landed files by who reads them. Raises UnreadableFile for any of them."""
    files = Files([], [], [])
    folder = root / entity / COPIES_FOLDER
    has_no_copies = _PATTERN.search(str(folder))
    with closing(Copies(folder)) as copies:
        verdicts = Verdicts(folder)
        for ingest_date, path in landed_files(root, entity):
            stamp = Stamp.of(path)
            if verdicts.is_plain(ingest_date, path, stamp) and not _PATTERN.search(str(path)):
                files.plain.append(path)
            elif not has_no_copies and (copy := copies.of(ingest_date, path, stamp)):
                files.copies.append(copy)
            else:
                check_readable(path)
                files.other.append((ingest_date, path))
        verdicts.keep()
        copies.drop_others()
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
            register = ErasureRegister(RestrictedStore(FolderStorage(key_file().parent)))
            restricted = {
                "pseudonym_key (pseudonym_key": [read_key(key_file())],
                "erasure_key (erasure_key": [register.key()],
                "erasures (erasure": register.erasures(),
            }
        except StediError as error:
            raise DbtRuntimeError(f"{error}. No table has been changed.") from None
        # Left open at the exit of sqlfluff, say, it has DuckDB print a page of leaks.
        atexit.register(conn.close)
        conn.create_function("hmac_sha256", hmac_sha256, ["VARCHAR", "VARCHAR"], "VARCHAR")
        self._provide_compaction(conn)
        conn.execute("attach ':memory:' as landing")
        conn.execute("create schema landing.stedi_landing")
        conn.execute("create schema landing.stedi_restricted")
        for table, values in restricted.items():
            _provide(conn, table, values)
        for entity, files in zones.items():
            _provide_lines(conn, entity, files)

    def _provide_compaction(self, conn: duckdb.DuckDBPyConnection) -> None:
        """compact_database() gives the bytes of the file before and after, as `BEFORE AFTER`."""
        known = weakref.ref(conn)  # else each would keep the other alive

        def compact_database() -> str:
            try:
                with closing(known().cursor()) as own:
                    sizes = compact(own, self.creds.database, Path(self.creds.path))
                    return f"{sizes.before} {sizes.after}"
            except NotCompacted as error:
                raise DbtRuntimeError(str(error)) from None

        # side_effects: else it might be run twice, or not at all
        conn.create_function("compact_database", compact_database, [], "VARCHAR", side_effects=True)


def _provide(conn: duckdb.DuckDBPyConnection, table: str, values: list[str | None]) -> None:
    """A restricted table of one column, given as `table (column`."""
    conn.execute(f"create table landing.stedi_restricted.{table} varchar)")
    for value in filter(None, values):
        conn.execute(f"insert into landing.stedi_restricted.{table}) values (?)", [value])


def _provide_lines(conn: duckdb.DuckDBPyConnection, entity: str, files: Files) -> None:
    table = f"landing.stedi_landing.{entity}"
    conn.execute(
        f"create table {table}_other (line varchar, file_name varchar, ingest_date varchar)"
    )
    for ingest_date, path in files.other:
        fill(conn, f"{table}_other", path, ingest_date)
    parts = [f"select line, file_name, ingest_date from {table}_other"]
    if files.plain:  # read_csv takes no empty list
        parts.append(plain_lines(files.plain))
    if files.copies:
        parts.append(_COPIED_LINES.format(files=_sql_list(files.copies)))
    conn.execute(f"create view {table} as {' union all '.join(parts)}")


def plain_lines(paths: list[Path]) -> str:
    """A query for the lines of one or more plain files, with their file_name and ingest_date."""
    return _PLAIN_LINES.format(files=_sql_list(paths))


def _sql_list(paths: list[Path]) -> str:
    texts = [str(path).replace("'", "''") for path in paths]
    return "[" + ", ".join(f"'{text}'" for text in texts) + "]"
