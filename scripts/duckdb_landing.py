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
        delim = '{separator}', quote = '', escape = '', comment = '', nullstr = '{separator}',
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
        conn.create_function("hmac_sha256", hmac_sha256, ["VARCHAR", "VARCHAR"], "VARCHAR")
        conn.execute("attach ':memory:' as landing")
        conn.execute("create schema landing.stedi_landing")
        conn.execute("create schema landing.stedi_restricted")
        self._provide_key(conn)
        try:
            for entity in ENTITIES:
                self._provide_lines(conn, entity)
        except UnreadableFile as error:
            raise DbtRuntimeError(str(error)) from error

    def _provide_key(self, conn: duckdb.DuckDBPyConnection) -> None:
        table = "landing.stedi_restricted.pseudonym_key"
        conn.execute(f"create table {table} (pseudonym_key varchar)")
        if key := read_key(key_file()):
            conn.execute(f"insert into {table} values (?)", [key])

    def _provide_lines(self, conn: duckdb.DuckDBPyConnection, entity: str) -> None:
        plain, other = [], []
        for ingest_date, path in landed_files(self.root, entity):
            (plain if is_plain(path) else other).append((ingest_date, path))

        # read_csv refuses an empty list; a file without lines would be nothing to it either
        files = [str(path) for _, path in plain if path.stat().st_size]
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
            parts.append(_PLAIN_LINES.format(files=files, separator=CSV_SEPARATOR))
        conn.execute(f"create view {table} as {' union all '.join(parts)}")
