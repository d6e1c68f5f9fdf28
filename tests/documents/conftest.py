"""A lakehouse with its docs, the results of its tests, and its evidence page."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from stedi.synthetic.generator import generate
from stedi.synthetic.personas import PERSONAS, Settings
from support import oracle
from support.evidence_page import Written, page
from support.lakehouse import Lakehouse


@pytest.fixture
def lakehouse(tmp_path: Path) -> Lakehouse:
    """A lakehouse without deliveries, in its own folder."""
    return Lakehouse(tmp_path)


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> Written:
    """The page of every persona, bad lines included. Built once; no test changes it."""
    lakehouse = Lakehouse(tmp_path_factory.mktemp("evidence"))
    plan = Settings(people=len(PERSONAS) + 10, days=3, readings_per_person=12, bad_share=0.1)
    generate(plan, lakehouse.landing)
    lakehouse.build()
    assert lakehouse.dbt("test").success
    target = lakehouse.folder / "target"
    (target / "tests").mkdir()
    shutil.copy(target / "run_results.json", target / "tests")
    assert lakehouse.dbt("docs", "generate", "--static").success
    expected = oracle.tables(oracle.landed_lines(lakehouse.landing))
    return Written(lakehouse, expected, page(lakehouse))
