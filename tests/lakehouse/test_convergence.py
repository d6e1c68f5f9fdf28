"""Law 4: in whatever order deliveries come, twice or late, a build ends where a full one would."""

from __future__ import annotations

import random
import shutil
from itertools import islice
from pathlib import Path

import pytest
from generate_landing import generate
from lakehouse import Lakehouse
from personas import PERSONAS, Settings

ALL = Settings(people=len(PERSONAS) + 6, days=4, readings_per_person=12, bad_share=0.1)


@pytest.fixture
def delivered(tmp_path: Path) -> Lakehouse:
    """A lakehouse to which everything was delivered at once, built."""
    whole = Lakehouse(tmp_path / "whole")
    generate(ALL, whole.landing)
    whole.build()
    return whole


def test_a_second_build_changes_nothing(delivered: Lakehouse) -> None:
    before = delivered.tables()
    delivered.build()
    assert delivered.tables() == before


@pytest.mark.parametrize("seed", [1, 2])
def test_files_that_arrive_in_any_order_end_in_the_same_tables(
    seed: int, delivered: Lakehouse, tmp_path: Path
) -> None:
    files = [path for path in delivered.landing.rglob("*.json") if path.name != "expected.json"]
    random.Random(seed).shuffle(files)
    later = Lakehouse(tmp_path / "later")
    for number, path in enumerate(sorted(files, key=files.index)):
        target = later.landing / path.relative_to(delivered.landing)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
        if number % 4 == 0:
            later.build()
    later.build()
    assert later.tables() == delivered.tables()


@pytest.mark.parametrize("models", [1, 6, 12])
def test_a_build_that_is_killed_is_put_right_by_the_next(models: int, delivered: Lakehouse) -> None:
    before = delivered.tables()
    (delivered.landing / "customer").rename(delivered.folder / "customer")
    delivered.build()  # all readings are of unknown people now
    (delivered.folder / "customer").rename(delivered.landing / "customer")

    with delivered.start("build") as process:
        made = (line for line in process.stdout if "OK created sql" in line)
        assert len(list(islice(made, models))) == models
        process.kill()

    assert delivered.tables() != before
    delivered.build()
    assert delivered.tables() == before
