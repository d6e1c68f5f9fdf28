"""Breaks the models one way after another, and sees each caught by the test that guards it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from stedi.synthetic.generator import generate
from stedi.synthetic.lines import customer_line, distance_line, motion_line
from stedi.synthetic.personas import PERSONAS, START, Settings, newcomer
from support.lakehouse import PROJECT, Lakehouse
from support.mutations import MUTATIONS, Mutation
from support.project_to_break import breakable, broken, drop_tables
from support.short_lives import distance, line, motion, ms, says

QUIETLY = ("--quiet", "--no-write-json", "--log-level-file", "none")
ERASED = newcomer(900_000).latest._replace(research=START)

LATER = 3_786_912_000_000  # 2090
# Lives that no persona has; each would be wrong if one rule were left out.
SHORT_LIVES = [
    # withdraws twice, and consents again from the first date
    says("dora@example.com", "03-01", "03-01"),
    says("dora@example.com", "03-02"),
    says("dora@example.com", "03-03", "03-01"),
    says("dora@example.com", "03-05"),
    says("dora@example.com", "03-06", "03-01"),
    motion("dora@example.com", "03-04"),
    # consent, until one line names both
    says("ed@example.com", "03-01", "03-01"),
    says("flo@example.com", "03-01", "03-01"),
    line("customer", "06-30", '{"email":"ed@example.com"}{"email":"flo@example.com"}'),
    # has a clock that runs ahead, withdraws, and the first record lands again
    says("gus@example.com", LATER, "03-01", landed="05-01"),
    says("gus@example.com", "05-15", landed="05-15"),
    says("gus@example.com", LATER, "03-01", landed="06-01"),
    # names two devices at once
    says("hal@example.com", "03-01", "03-01", "H1"),
    says("hal@example.com", "03-01", "03-01", "H2"),
    distance("H1", "03-02"),
    distance("H2", "03-02", 8.0),
    # measures before the device is registered
    says("ivy@example.com", "03-05", "03-01", "I"),
    distance("I", "03-03"),
    # names two devices at once, of which one counts for nothing
    says("jo@example.com", "03-01", "02-01", "J1"),
    says("jo@example.com", "03-01", "02-02", "J2"),
    distance("J1", "02-15"),
    # has a device that somebody had who was erased
    says("lea@example.com", "04-01", "01-15", "K"),
    distance("K", "02-15"),
    # says at one moment what can be read and what cannot
    says("mia@example.com", "03-01", "03-01"),
    says("mia@example.com", "03-01", 0),
]
HAD_BY_ERASED = ("kim@example.com", "K", "02-01", "03-01")


@pytest.fixture(scope="module")
def landing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Deliveries with every persona, and of one who was erased and is back with a consent."""
    root = tmp_path_factory.mktemp("landing")
    generate(Settings(people=len(PERSONAS) + 10, days=4, readings_per_person=12), root)
    for source, text in {
        "customer": customer_line(ERASED),
        "accelerometer": motion_line((ERASED.email, START, 1.0, 0.0, 0.0)),
        "step_trainer": distance_line((ERASED.serial_number, START, 200.0)),
    }.items():
        folder = root / source / "landing" / "ingest_date=2024-01-01"
        (folder / "erased.json").write_text(text)
    for number, (source, date, _, text) in enumerate(SHORT_LIVES):
        folder = root / source / "landing" / f"ingest_date={date}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"short-{number}.json").write_text(text + "\n")
    return root


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory, landing: Path) -> Lakehouse:
    """A lakehouse with those deliveries and a project of its own, free to be broken."""
    lakehouse = breakable(tmp_path_factory.mktemp("broken"))
    lakehouse.landing = landing
    lakehouse.withhold(ERASED.email)
    email, device, since, until = HAD_BY_ERASED
    lakehouse.remember_claim(email, device, ms(since), ms(until))
    return lakehouse


def _some_are_deep() -> list[Any]:
    """All mutations. `make test` runs one for each test that must catch them; the rest are deep."""
    seen: set[str] = set()
    found = []
    for mutation in MUTATIONS:
        marks = [pytest.mark.deep] if mutation.caught_by in seen else []
        found.append(pytest.param(mutation, id=mutation.breaks, marks=marks))
        seen.add(mutation.caught_by)
    return found


@pytest.mark.parametrize("mutation", _some_are_deep())
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
