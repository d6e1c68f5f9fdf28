"""What stands in a database file of DuckDB's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from pathlib import Path

import duckdb

from support import oracle
from support.lakehouse import Lakehouse
from support.replay import LAYERS, beside_python

# Texts then stand in the file as they are, each as often as rows have it.
SETTING = "memory_limit:"
UNPACKED = "force_compression: uncompressed\n        memory_limit:"


def tables(database: Path, layers: Iterable[str] = LAYERS) -> dict[str, oracle.Rows]:
    """All rows of all tables of a database file, or of some layers."""
    found: dict[str, oracle.Rows] = {}
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
            found[name] = Counter(oracle.row(columns, values) for values in cursor.fetchall())
    return found


def differences(
    lakehouse: Lakehouse,
    scope: str = "since_consent",
    erased: Collection[str] = (),
    tombstones: Collection[oracle.Claim] = (),
) -> list[str]:
    """Where the tables are not what Python expects of what lies in the landing zone, in words."""
    lines = oracle.landed_lines(lakehouse.landing)
    expected = oracle.tables(lines, scope, erased, tombstones)
    found = beside_python(tables(lakehouse.database), expected)
    return [line for difference in found for line in difference.told()]


def unpack(lakehouse: Lakehouse) -> None:
    """Has nothing be packed in a lakehouse's database file."""
    profiles = lakehouse.folder / "profiles.yml"
    text = profiles.read_text()
    assert text.count(SETTING) == 1
    profiles.write_text(text.replace(SETTING, UNPACKED))


def file_of(lakehouse: Lakehouse) -> bytes:
    """The database file as dbt leaves it when it ends by itself: with what is in its log."""
    duckdb.connect(lakehouse.database, config={"force_compression": "uncompressed"}).close()
    log = lakehouse.database.with_suffix(".duckdb.wal")
    assert not log.exists() or not log.stat().st_size
    return lakehouse.database.read_bytes()


def texts_in(lakehouse: Lakehouse) -> str:
    """The texts of all rows of all tables, a line each."""
    columns = lakehouse.query(
        "select schema_name, table_name, column_name from duckdb_columns() "
        "inner join duckdb_tables() using (schema_name, table_name) where data_type = 'VARCHAR'"
    )
    found = []
    for schema, table, column in columns:
        sql = f"select {column} from {schema}.{table} where {column} is not null"
        found += [value for (value,) in lakehouse.query(sql)]
    return "\n".join(found)
