"""dbt-duckdb plugin: what Glue and Athena give the athena target, for the duckdb target.

- the catalog `landing` (in memory, made anew at each start): the landing tables as views that read
  the files themselves, and the one-row table of the pseudonym key
- the function hmac_sha256, which DuckDB lacks

Files that DuckDB's CSV reader would not give line for line are read in Python instead, so that
every line of every file is there. A file that cannot be read stops dbt before any table changes.
"""

from __future__ import annotations

import hashlib
import hmac
from itertools import islice
from pathlib import Path
from typing import Any

import duckdb
from dbt.adapters.duckdb.plugins import BasePlugin
from dbt_common.exceptions import DbtRuntimeError

from landing_files import (
    CSV_NULL,
    CSV_SEPARATOR,
    ENTITIES,
    UnreadableFile,
    is_plain,
    landed_files,
    read_lines,
)
from pseudonym_key import key_file, read_key

_PLAIN_LINES = """
    select line, parse_filename(filename) as file_name, ingest_date
    from read_csv(
        {files}, columns = {{'line': 'varchar'}}, hive_types = {{'ingest_date': 'varchar'}},
        delim = '{separator}', quote = '', escape = '', comment = '', nullstr = '{null}',
        header = false, auto_detect = false, strict_mode = false, hive_partitioning = true,
        filename = true, max_line_size = 2097152
    )
"""


def hmac_sha256(message: str, key: str) -> str:
    """HMAC-SHA256 (RFC 2104) of a text under a key, both as UTF-8, in lower-case hex."""
    return hmac.new(key.encode(), message.encode(), hashlib.sha256).hexdigest()


class Plugin(BasePlugin):
    """Loaded by the duckdb target of profiles.yml; its config gives `landing`, the landing root."""

    def initialize(self, plugin_config: dict[str, Any]) -> None:
        self.root = Path(plugin_config["landing"]).resolve()

    def configure_connection(self, conn: duckdb.DuckDBPyConnection) -> None:
        # All files are read before the database is touched: dbt connects a second time to roll
        # back, and must meet the same error again, not the half of a first attempt.
        try:
            zones = {entity: self._sort_files(entity) for entity in ENTITIES}
        except UnreadableFile as error:
            raise DbtRuntimeError(str(error)) from error
        conn.create_function("hmac_sha256", hmac_sha256, ["VARCHAR", "VARCHAR"], "VARCHAR")
        conn.execute("attach ':memory:' as landing")
        conn.execute("create schema landing.stedi_landing")
        conn.execute("create schema landing.stedi_restricted")
        self._provide_key(conn)
        for entity, (plain, other) in zones.items():
            self._provide_lines(conn, entity, plain, other)

    def _sort_files(self, entity: str) -> tuple[list[Path], list[tuple[str, Path]]]:
        """The files that DuckDB reads itself, and the (ingest_date, path) of those it cannot."""
        plain, other = [], []
        for ingest_date, path in landed_files(self.root, entity):
            if is_plain(path):
                plain.append(path)
            else:
                other.append((ingest_date, path))
        return plain, other

    def _provide_key(self, conn: duckdb.DuckDBPyConnection) -> None:
        table = "landing.stedi_restricted.pseudonym_key"
        conn.execute(f"create table {table} (pseudonym_key varchar)")
        if key := read_key(key_file()):
            conn.execute(f"insert into {table} values (?)", [key])

    def _provide_lines(
        self,
        conn: duckdb.DuckDBPyConnection,
        entity: str,
        plain: list[Path],
        other: list[tuple[str, Path]],
    ) -> None:
        # read_csv takes no empty list
        files = [str(path) for path in plain if path.stat().st_size]
        table = f"landing.stedi_landing.{entity}"
        conn.execute(
            f"create table {table}_other (line varchar, file_name varchar, ingest_date varchar)"
        )
        for ingest_date, path in other:
            lines = read_lines(path)
            while some := list(islice(lines, 10_000)):
                conn.execute(
                    f"insert into {table}_other select unnest(?::varchar[]), ?, ?",
                    [some, path.name, ingest_date],
                )
        parts = [f"select line, file_name, ingest_date from {table}_other"]
        if files:
            parts.append(_PLAIN_LINES.format(files=files, separator=CSV_SEPARATOR, null=CSV_NULL))
        conn.execute(f"create view {table} as {' union all '.join(parts)}")
