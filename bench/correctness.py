"""Whether what was measured is right: the tables' counts against those expected."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import duckdb

LAYERS = ("stedi_staging", "stedi_trusted", "stedi_curated", "stedi_audit")


def counts(database: Path) -> Counter[str]:
    """Rows by table of a lakehouse; the names of its tables are all different."""
    with duckdb.connect(database, read_only=True) as connection:
        tables = connection.execute(
            "select table_schema, table_name from information_schema.tables "
            "where list_contains(?, table_schema)",
            [[*LAYERS, "trusted", "curated"]],
        ).fetchall()
        found = {
            table: connection.execute(f'select count(*) from "{schema}"."{table}"').fetchone()
            for schema, table in tables
        }
        return Counter({table: rows for table, (rows,) in found.items()})


def differences(database: Path, expected: dict[str, int]) -> list[str]:
    """What differs, a line for each table."""
    found = counts(database)
    return [
        f"{table}: {found[table]:,} rows, {rows:,} expected"
        for table, rows in expected.items()
        if found[table] != rows
    ]
