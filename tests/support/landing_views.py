"""Landing zones for tests of the duckdb target, and what its landing tables hold of them."""

from __future__ import annotations

import gzip
from collections import Counter
from pathlib import Path

import duckdb

from stedi.duckdb_target.plugin import Plugin
from support.nasty import lines_in

Landed = dict[tuple[str, str], bytes]  # (ingest_date, name) -> content


def land(root: Path, landed: Landed, entity: str = "accelerometer") -> None:
    for (date, name), content in landed.items():
        folder = root / entity / "landing" / f"ingest_date={date}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(gzip.compress(content) if name.endswith(".gz") else content)


def connected(root: Path) -> duckdb.DuckDBPyConnection:
    """A connection as dbt has it after a start."""
    connection = duckdb.connect()
    Plugin("landing", {"landing": str(root)}).configure_connection(connection)
    return connection


def rows(connection: duckdb.DuckDBPyConnection, entity: str = "accelerometer") -> Counter:
    table = f"landing.stedi_landing.{entity}"
    return Counter(
        connection.execute(f"select ingest_date, file_name, line from {table}").fetchall()
    )


def expected_rows(landed: Landed) -> Counter:
    return Counter(
        (*where, line) for where, content in landed.items() for line in lines_in(content)
    )
