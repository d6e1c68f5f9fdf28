"""Writes the evidence page of a lakehouse, as `make evidence` does."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from click.testing import CliRunner, Result

from stedi.commands.evidence import main
from support.lakehouse import PROJECT, Lakehouse
from support.oracle import Rows


class Written(NamedTuple):
    """A lakehouse, the rows that a build must make of its deliveries, by table, and its page."""

    lakehouse: Lakehouse
    expected: dict[str, Rows]
    page: str

    def rows(self, table: str) -> list[dict[str, Any]]:
        """The expected rows of a table `schema.name`."""
        return [dict(row) for row in self.expected[table].elements()]


def run(lakehouse: Lakehouse, *options: str) -> Result:
    """Runs `stedi evidence` on the lakehouse."""
    environment = {
        "DBT_TARGET": "duckdb",
        "DBT_PROJECT_DIR": str(PROJECT),
        "DBT_PROFILES_DIR": str(lakehouse.folder),
        "DBT_TARGET_PATH": str(lakehouse.folder / "target"),
        "STEDI_LANDING": str(lakehouse.landing),
        "STEDI_DUCKDB": str(lakehouse.database),
        "STEDI_PSEUDONYM_KEY_FILE": str(lakehouse.key_file),
    }
    return CliRunner(env=environment).invoke(main, [*options], catch_exceptions=False)


def page_of(lakehouse: Lakehouse) -> Path:
    """Where the page is written."""
    return lakehouse.folder / "target" / "evidence.html"


def page(lakehouse: Lakehouse, *options: str) -> str:
    """Writes the page again, and returns its HTML."""
    result = run(lakehouse, *options)
    assert result.exit_code == 0, result.output
    return page_of(lakehouse).read_text()
