"""A lakehouse of everybody's deliveries with its docs, the results of its tests, and its page."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from stedi.synthetic.generator import generate
from stedi.synthetic.personas import PERSONAS, Settings
from support.evidence_page import Made, page
from support.lakehouse import Lakehouse


@pytest.fixture
def lakehouse(tmp_path: Path) -> Lakehouse:
    """A lakehouse without deliveries, in a folder of its own."""
    return Lakehouse(tmp_path)


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Every persona, bad lines among theirs; built once, and never changed."""
    lakehouse = Lakehouse(tmp_path_factory.mktemp("evidence"))
    plan = Settings(people=len(PERSONAS) + 10, days=3, readings_per_person=12, bad_share=0.1)
    expected = generate(plan, lakehouse.landing, rows=True)
    lakehouse.build()
    assert lakehouse.dbt("test").success
    target = lakehouse.folder / "target"
    (target / "tests").mkdir()
    shutil.copy(target / "run_results.json", target / "tests")
    assert lakehouse.dbt("docs", "generate", "--static").success
    return Made(lakehouse, expected, page(lakehouse))
