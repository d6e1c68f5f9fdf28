"""Makes the page of a lakehouse, as `make evidence` does."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

from click.testing import CliRunner, Result

from stedi.commands.evidence import main
from stedi.synthetic.expectation import Expectation
from support.lakehouse import PROJECT, Lakehouse


class Made(NamedTuple):
    """A lakehouse, what must come of its deliveries, and its page."""

    lakehouse: Lakehouse
    expected: Expectation
    page: str


def run(lakehouse: Lakehouse, *options: str) -> Result:
    """Runs scripts/evidence.py in the project's folder."""
    target = lakehouse.folder / "target"
    places = {
        "--database": lakehouse.database,
        "--root": lakehouse.landing,
        "--manifest": target / "manifest.json",
        "--dbt-results": target / "tests" / "run_results.json",
        "--pytest-results": target / "tests.xml",
        "--output": page_of(lakehouse),
    }
    arguments = [text for option, path in places.items() for text in (option, str(path))]
    before = Path.cwd()
    os.chdir(PROJECT)
    try:
        return CliRunner(env={"STEDI_PSEUDONYM_KEY_FILE": str(lakehouse.key_file)}).invoke(
            main, [*arguments, *options], catch_exceptions=False
        )
    finally:
        os.chdir(before)


def page_of(lakehouse: Lakehouse) -> Path:
    """Where the page goes."""
    return lakehouse.folder / "target" / "evidence.html"


def page(lakehouse: Lakehouse, *options: str) -> str:
    """The page's text, made anew."""
    made = run(lakehouse, *options)
    assert made.exit_code == 0, made.output
    return page_of(lakehouse).read_text()
