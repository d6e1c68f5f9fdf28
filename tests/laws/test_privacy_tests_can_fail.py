"""Breaks the models one way after another, and sees each caught by the test that guards it."""

from __future__ import annotations

from pathlib import Path

import pytest

from stedi.synthetic.generator import generate
from stedi.synthetic.lines import customer_line, distance_line, motion_line
from stedi.synthetic.personas import PERSONAS, START, Settings, newcomer
from support.lakehouse import PROJECT, Lakehouse
from support.mutations import MUTATIONS, Mutation
from support.project_to_break import breakable, broken, drop_tables

QUIETLY = ("--quiet", "--no-write-json", "--log-level-file", "none")
ERASED = newcomer(900_000).latest._replace(research=START)


@pytest.fixture(scope="module")
def landing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Deliveries with every persona, and of one who was erased and is back with a consent."""
    root = tmp_path_factory.mktemp("landing")
    generate(Settings(people=len(PERSONAS) + 10, days=4, readings_per_person=12), root)
    for source, line in {
        "customer": customer_line(ERASED),
        "accelerometer": motion_line((ERASED.email, START, 1.0, 0.0, 0.0)),
        "step_trainer": distance_line((ERASED.serial_number, START, 200.0)),
    }.items():
        folder = root / source / "landing" / "ingest_date=2024-01-01"
        (folder / "erased.json").write_text(line)
    return root


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory, landing: Path) -> Lakehouse:
    """A lakehouse with those deliveries and a project of its own, free to be broken."""
    lakehouse = breakable(tmp_path_factory.mktemp("broken"))
    lakehouse.landing = landing
    lakehouse.withhold(ERASED.email)
    return lakehouse


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda m: m.breaks)
def test_the_break_is_caught(mutation: Mutation, copied: Lakehouse) -> None:
    """What the one test depends on is built, and it runs: nothing else may fail, for a mutation
    must be SQL that runs."""
    with broken(copied, mutation):
        options = ("--indirect-selection", "empty", "--threads", "1")
        result = copied.dbt(*QUIETLY, "build", *options, "--select", f"+{mutation.caught_by}")
    assert result.failed == {mutation.caught_by}, result.errors


def test_the_project_without_a_break_passes(copied: Lakehouse) -> None:
    drop_tables(copied)
    copied.build()


def test_every_privacy_test_has_been_seen_to_fail() -> None:
    tests = {path.stem for path in (PROJECT / "tests").glob("assert_*.sql")}
    assert tests == {m.caught_by for m in MUTATIONS if m.caught_by.startswith("assert_")}
