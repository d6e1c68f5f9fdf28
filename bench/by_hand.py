"""Builds trusted and curated with by_hand.sql: `python bench/by_hand.py LANDING DATABASE`."""

from __future__ import annotations

import hashlib
import hmac
import sys
from pathlib import Path

import duckdb

SCRIPT = Path(__file__).with_name("by_hand.sql")
KEY = "the benchmark's own pseudonym key"  # its people are made up


def hmac_sha256(message: str, key: str) -> str:
    """The same as stedi.restricted.pseudonym_key; importing that would be measured too."""
    return hmac.new(key.encode(), message.encode(), hashlib.sha256).hexdigest()


def build(landing: Path, database: Path) -> None:
    """Builds the tables in a new database file."""
    with duckdb.connect(database) as connection:
        connection.execute("set preserve_insertion_order = false")
        connection.create_function("hmac_sha256", hmac_sha256, ["VARCHAR", "VARCHAR"], "VARCHAR")
        connection.execute("set variable landing = ?", [str(landing)])
        connection.execute("set variable pseudonym_key = ?", [KEY])
        connection.execute(SCRIPT.read_text(encoding="utf-8"))


if __name__ == "__main__":
    build(Path(sys.argv[1]), Path(sys.argv[2]))
