"""What stands in a database file of DuckDB's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import duckdb
from expected_tables import Rows, row
from replay import LAYERS


def tables(database: Path, layers: Iterable[str] = LAYERS) -> dict[str, Rows]:
    """All rows of all tables of a database file, or of some layers."""
    found: dict[str, Rows] = {}
    schemas = [f"stedi_{layer}" for layer in layers]
    with duckdb.connect(database, read_only=True) as connection:
        names = connection.execute(
            "select table_schema || '.' || table_name from information_schema.tables "
            "where list_contains(?, table_schema) order by 1",
            [schemas],
        ).fetchall()
        for (name,) in names:
            cursor = connection.execute(f"select * from {name}")
            columns = [column[0] for column in cursor.description]
            found[name] = Counter(row(columns, values) for values in cursor.fetchall())
    return found
