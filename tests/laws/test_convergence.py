"""Law 4: in whatever order deliveries come, twice or late, a build ends where a full one would.

Here on the generator's deliveries, with every persona; test_histories_converge.py has random ones.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterable
from itertools import groupby, islice
from pathlib import Path

import pytest

from stedi.synthetic.generator import generate
from stedi.synthetic.personas import PERSONAS, Settings
from support.lakehouse import WITHOUT_TESTS, Lakehouse

ALL = Settings(people=len(PERSONAS) + 6, days=4, readings_per_person=12, bad_share=0.1)


@pytest.fixture(scope="module")
def delivered(tmp_path_factory: pytest.TempPathFactory) -> Lakehouse:
    """A lakehouse to which everything was delivered at once, built."""
    whole = Lakehouse(tmp_path_factory.mktemp("whole"))
    generate(ALL, whole.landing)
    whole.build()
    return whole


def files(lakehouse: Lakehouse, seed: int) -> list[Path]:
    """The landed files in a random order, as paths within the landing zone."""
    root = lakehouse.landing
    found = sorted(path.relative_to(root) for path in root.glob("*/landing/*/*.json"))
    random.Random(seed).shuffle(found)
    return found


def day_of(file: Path) -> str:
    """The ingest date of a file, as its folder has it."""
    return file.parent.name


def deliver(files: Iterable[Path], delivered: Lakehouse, later: Lakehouse) -> None:
    """Lands files that were delivered to one lakehouse in another one."""
    for file in files:
        (later.landing / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(delivered.landing / file, later.landing / file)


def test_a_second_build_changes_nothing(delivered: Lakehouse) -> None:
    before = delivered.tables()
    delivered.build(tests=False)
    assert delivered.tables() == before


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.deep)])
def test_files_of_a_day_may_arrive_in_any_order(
    seed: int, delivered: Lakehouse, tmp_path: Path
) -> None:
    """Day after day, with a build after a part of a day's files and one at its end."""
    later = Lakehouse(tmp_path / "later")
    in_order = sorted(files(delivered, seed), key=day_of)  # sorting keeps the order within a day
    for number, (_, day) in enumerate(groupby(in_order, key=day_of)):
        first, *others = day
        deliver([first], delivered, later)
        if number != 1:  # a build is missed
            later.build(tests=False)
        deliver(others, delivered, later)
        if number != 2:
            later.build(tests=False)
    assert later.tables() == delivered.tables()
    # the last build went on from the one before, not from an earlier one
    lines = later.folder / "target/compiled/stedi_lakehouse/models/staging/lines"
    newest = day_of(in_order[-1]).removeprefix("ingest_date=")
    assert f"ingest_date >= '{newest}'" in (lines / "customer_lines.sql").read_text()


def test_days_that_arrive_in_any_order_are_put_right_by_a_full_refresh(
    delivered: Lakehouse, tmp_path: Path
) -> None:
    later = Lakehouse(tmp_path / "later")
    in_disorder = files(delivered, seed=3)
    assert in_disorder != sorted(in_disorder, key=day_of)
    deliver(in_disorder[:4], delivered, later)
    later.build(tests=False)
    deliver(in_disorder[4:], delivered, later)
    result = later.dbt("build", "--full-refresh", *WITHOUT_TESTS)
    assert result.success, result.errors
    assert later.tables() == delivered.tables()


LAST_BUILD = """
    select consent_scope, is_whole from stedi_audit.builds
    where status = 'completed' order by happened_at desc limit 1
"""


@pytest.mark.deep
def test_other_rules_of_release_rebuild_everything(tmp_path: Path) -> None:
    later = Lakehouse(tmp_path)
    later.land("customer", "a.json", b'{"email":"ann@example.com","lastUpdateDate":1704067200000}')
    for variables, noted in (
        ("{}", ("since_consent", True)),
        ("{}", ("since_consent", False)),
        ("{minimum_age: 18}", ("since_consent, minimum_age 18", True)),
        ("{earliest_time: 2011-01-01}", ("since_consent, earliest_time 2011-01-01", True)),
    ):
        result = later.dbt("build", *WITHOUT_TESTS, "--vars", variables)
        assert result.success, result.errors
        assert later.query(LAST_BUILD) == [noted]


@pytest.mark.parametrize(
    "models", [pytest.param(1, marks=pytest.mark.deep), 6, pytest.param(12, marks=pytest.mark.deep)]
)
def test_a_build_that_is_killed_is_put_right_by_the_next(
    models: int, delivered: Lakehouse, tmp_path: Path
) -> None:
    """Killed as by people, from outside, after so many models, when a day's files are new."""
    later = Lakehouse(tmp_path / "later")
    in_order = sorted(files(delivered, seed=4), key=day_of)
    last = day_of(in_order[-1])
    deliver([file for file in in_order if day_of(file) != last], delivered, later)
    later.build(tests=False)
    deliver([file for file in in_order if day_of(file) == last], delivered, later)
    before = later.tables()

    with later.start("build", *WITHOUT_TESTS) as (process, output):
        made = (line for line in output if "OK created sql" in line)
        assert len(list(islice(made, models))) == models
        process.kill()

    assert before != later.tables() != delivered.tables()
    later.build(tests=False)
    assert later.tables() == delivered.tables()
