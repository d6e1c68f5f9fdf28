"""dbt-duckdb plugin: gives the duckdb target what Glue and Athena give the athena target.

- The catalog `landing`, in memory and filled at each start: the landing tables as views that read
  the files themselves, and the restricted tables: pseudonym key, erasure key and who was erased.
- The function hmac_sha256, which DuckDB lacks.
- The function compact_database, which compacts the database file (compaction.py).

Python reads the files whose lines DuckDB's CSV reader would change, so that every line of every
file is there. A file that cannot be read stops dbt before any table changes.

A start reads only what is new. What it must know of the other files is in a folder of each entity
that readers of the landing zone ignore, <entity>/.duckdb/: which files DuckDB can read exactly
(readers.py), and copies of the others (copies.py). If that folder is not writable, each start reads
all files.
"""

from __future__ import annotations

import atexit
import os
import re
import weakref
from collections.abc import Iterable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
from dbt.adapters.duckdb.credentials import DuckDBCredentials
from dbt.adapters.duckdb.plugins import BasePlugin
from dbt.flags import get_flags
from dbt_common.exceptions import DbtRuntimeError

from stedi.duckdb_target.compaction import compact_open, open_database
from stedi.duckdb_target.copies import COPIES_FOLDER, Copies, fill
from stedi.duckdb_target.readers import PlainFiles, Stamp
from stedi.errors import StediError
from stedi.landing.files import (
    CSV_LONGEST_LINE,
    CSV_NULL,
    CSV_SEPARATOR,
    check_readable,
    landed_files,
)
from stedi.layout import LANDED, database_name_problem
from stedi.restricted.erasures import ErasureRegister
from stedi.restricted.owner import check_owner, note_owner
from stedi.restricted.pseudonym_key import hmac_sha256, key_file, read_key
from stedi.restricted.store import RestrictedStore
from stedi.storage.atomic import keep_private
from stedi.storage.folder import FolderStorage

# The date is taken from the path and not from hive_partitioning, which would also take a folder
# above the landing root named `line=x`, say, for a partition. Either way DuckDB opens only the
# files of the dates that a query asks for.
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
# A copy's date is in its name, too, for the same reason.
_COPIED_LINES = """
    select line, file_name, regexp_extract(filename, '/([^/_]*)_[^/]*$', 1) as ingest_date
    from read_parquet({files}, hive_partitioning = false, filename = true)
"""
# Both readers take a path with one of these characters for a pattern, and a backslash for a
# separator. (If it is escaped, DuckDB lists the folder, and fails if any name in it begins with a
# backslash.)
_PATTERN = re.compile(r"[*?\[\\]")


class Files(NamedTuple):
    """An entity's landed files, by how their lines are read."""

    plain: list[Path]  # by DuckDB
    copies: list[Path]  # Parquet copies of files that DuckDB cannot read exactly
    other: list[tuple[str, Path]]  # by Python at each start: ingest_date and path


def sort_files(root: Path, entity: str) -> Files:
    """Sorts an entity's landed files by how to read them. Raises UnreadableFile."""
    files = Files([], [], [])
    folder = root / entity / COPIES_FOLDER
    can_copy = not _PATTERN.search(str(folder))
    with closing(Copies(folder)) as copies:
        plain_files = PlainFiles(folder)
        for ingest_date, path in landed_files(root, entity):
            stamp = Stamp.of(path)
            is_plain = plain_files.includes(ingest_date, path, stamp)
            if is_plain and not _PATTERN.search(str(path)):
                files.plain.append(path)
            elif can_copy and (copy := copies.of(ingest_date, path, stamp)):
                files.copies.append(copy)
            else:
                check_readable(path)
                files.other.append((ingest_date, path))
        plain_files.save()
        copies.delete_others()
    return files


class Plugin(BasePlugin):
    """Loaded by the duckdb target of profiles.yml; its config gives `landing`, the landing root."""

    def initialize(self, plugin_config: dict[str, Any]) -> None:
        """Takes the landing root. Raises DbtRuntimeError for a database file of unusable name."""
        self.root = Path(plugin_config["landing"]).resolve()
        try:
            keep_private()  # before the database is created
        except StediError as error:
            raise DbtRuntimeError(str(error)) from None
        _make_log_private()
        if self.creds and (problem := database_name_problem(Path(self.creds.path))):
            raise DbtRuntimeError(problem)

    def update_connection_config(self, creds: DuckDBCredentials, config: dict[str, Any]) -> None:
        """Called before dbt connects. Raises DbtRuntimeError if the database cannot be opened."""
        # Of the error that connecting raises dbt would show a traceback.
        try:
            check_owner(key_file().parent, landing=self.root)
            open_database(Path(creds.path)).close()
        except StediError as error:
            raise DbtRuntimeError(str(error)) from None

    def configure_connection(self, conn: duckdb.DuckDBPyConnection) -> None:
        """Adds the catalog and the functions to a connection. Raises DbtRuntimeError."""
        _check_settings(conn, (self.creds and self.creds.settings) or {})
        # All files are read before the database is touched: dbt connects a second time to roll
        # back, and must then get the same error, not find a catalog that is half there.
        try:
            zones = {entity: sort_files(self.root, entity) for entity in LANDED}
            register = ErasureRegister(RestrictedStore(FolderStorage(key_file().parent)))
            restricted: list[tuple[str, str, list[Any]]] = [
                ("pseudonym_key", "pseudonym_key varchar", _one_row(read_key(key_file()))),
                ("erasure_key", "erasure_key varchar", _one_row(register.key())),
                ("erasures", "erasure varchar", [(erasure,) for erasure in register.erasures()]),
                (
                    "device_claims",
                    "erasure varchar, device varchar, claimed_from bigint, claimed_until bigint",
                    register.claims(),
                ),
            ]
        except StediError as error:
            raise DbtRuntimeError(f"{error}. No table has been changed.") from None
        if self.creds and read_key(key_file()):
            with suppress(OSError):  # where the folder may only be read, nobody can erase either
                note_owner(key_file().parent, self.root, Path(self.creds.path))
        # If it is still open when sqlfluff, say, ends, DuckDB prints a page of leaks.
        atexit.register(conn.close)
        conn.create_function("hmac_sha256", hmac_sha256, ["VARCHAR", "VARCHAR"], "VARCHAR")
        self._add_compaction(conn)
        conn.execute("attach ':memory:' as landing")
        conn.execute("create schema landing.stedi_landing")
        conn.execute("create schema landing.stedi_restricted")
        for table, columns, rows in restricted:
            _add_restricted(conn, table, columns, rows)
        for entity, files in zones.items():
            _add_lines(conn, entity, files)

    def _add_compaction(self, conn: duckdb.DuckDBPyConnection) -> None:
        """Adds compact_database(): returns the file's bytes before and after, as `BEFORE AFTER`."""
        reference = weakref.ref(conn)  # otherwise the function would keep the connection open

        def compact_database() -> str:
            connection = reference()
            assert connection is not None, "the function runs on the connection"
            assert self.creds is not None, "dbt gives a plugin its credentials"
            try:
                with closing(connection.cursor()) as own:
                    sizes = compact_open(own, self.creds.database, Path(self.creds.path))
                    return f"{sizes.before} {sizes.after}"
            except StediError as error:
                raise DbtRuntimeError(str(error)) from None

        # side_effects: without it, DuckDB may call the function twice, or not at all.
        conn.create_function("compact_database", compact_database, [], "VARCHAR", side_effects=True)


def _make_log_private() -> None:
    """dbt has created its log by now, as the user's umask says. A message may quote a value."""
    flags = get_flags()  # type: ignore[no-untyped-call]
    log = Path(getattr(flags, "LOG_PATH", None) or "logs") / "dbt.log"
    with suppress(OSError):
        if not os.environ.get("STEDI_UMASK"):
            log.chmod(0o600)


def _check_settings(conn: duckdb.DuckDBPyConnection, settings: dict[str, Any]) -> None:
    """Raises DbtRuntimeError for a setting of the profile that DuckDB refuses."""
    for name, value in settings.items():
        text = str(value).replace("'", "''")
        try:
            conn.execute(f"set {name} = '{text}'")
        except duckdb.Error as error:  # of which dbt would show a traceback
            where = "profiles.yml"
            if name == "memory_limit":
                where += " or STEDI_DUCKDB_MEMORY"
            raise DbtRuntimeError(
                f"DuckDB's {name} cannot be {value!r} ({error}); correct it in {where}"
            ) from None


def _one_row(key: str | None) -> list[tuple[str]]:
    """The row of a key; none for an empty one."""
    return [(key,)] if key else []


def _add_restricted(
    conn: duckdb.DuckDBPyConnection, table: str, columns: str, rows: Iterable[tuple[Any, ...]]
) -> None:
    """Adds a restricted table. columns: their names and types, as SQL."""
    name = f"landing.stedi_restricted.{table}"
    conn.execute(f"create table {name} ({columns})")
    for row in rows:
        conn.execute(f"insert into {name} values ({', '.join('?' for _ in row)})", row)


def _add_lines(conn: duckdb.DuckDBPyConnection, entity: str, files: Files) -> None:
    """Adds an entity's landing table: line, file_name, ingest_date."""
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
    """A query for the lines of one or more plain files: line, file_name, ingest_date."""
    return _PLAIN_LINES.format(files=_sql_list(paths))


def _sql_list(paths: list[Path]) -> str:
    texts = [str(path).replace("'", "''") for path in paths]
    return "[" + ", ".join(f"'{text}'" for text in texts) + "]"
