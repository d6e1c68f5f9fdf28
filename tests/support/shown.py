"""What dbt shows beside the tables: its artifacts, logs, printed lines and the rows that failed."""

from __future__ import annotations

import re
from pathlib import Path

from support.lakehouse import KEY, Lakehouse

# Nobody else's name looks like those of the generated deliveries. The key has a quote, which SQL
# doubles and others escape.
SECRETS = {
    "the key": re.escape(KEY).replace("'", r"[\\']{1,3}"),
    "an email": r"person\d{6}@example\.com",
    "a name": r"\bPerson \d+\b",
    "a phone number": r"\b5550000\d{3}\b",
    "a serial number": r"\b00000000-0000-4000-8\d{3}-\d{12}\b",
}
_SECRETS = {what: re.compile(text.encode(), re.IGNORECASE) for what, text in SECRETS.items()}


def secrets_in(content: bytes) -> set[str]:
    """Which of SECRETS stand in it."""
    return {what for what, pattern in _SECRETS.items() if pattern.search(content)}


def left_files(lakehouse: Lakehouse) -> list[Path]:
    """The files that dbt has left, but for the database, which is where the tables are."""
    given = {lakehouse.key_file, lakehouse.database, lakehouse.database.with_suffix(".duckdb.wal")}
    return [
        path for path in lakehouse.folder.rglob("*")
        if path.is_file() and path not in given and lakehouse.landing not in path.parents
    ]  # fmt: skip


def stored_failures(lakehouse: Lakehouse) -> dict[str, bytes]:
    """The tables of failed rows, as text: all tables that lie in none of the layers' schemas."""
    names = lakehouse.query(
        "select table_schema || '.' || table_name from information_schema.tables "
        "where not starts_with(table_schema, 'stedi_')"
    )
    return {
        name: "\n".join(map(str, lakehouse.query(f"select * from {name}"))).encode()
        for (name,) in names
    }


def shown(lakehouse: Lakehouse, printed: str) -> dict[str, set[str]]:
    """Where a secret is shown, and which: a file's name, a table's, or `printed`."""
    places = {path.name: path.read_bytes() for path in left_files(lakehouse)}
    places |= stored_failures(lakehouse) | {"printed": printed.encode()}
    return {place: found for place, content in places.items() if (found := secrets_in(content))}
