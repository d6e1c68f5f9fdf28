"""Breaks how tables are kept up one way after another, and sees each caught by a known history."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path

import duckdb
import pytest

from support.histories import Build, Deliver, History
from support.known_histories import COUNTEREXAMPLES, NIGHTS
from support.lakehouse import Lakehouse
from support.mutations import Mutation
from support.on_duckdb import OnDuckDB
from support.project_to_break import breakable, broken, drop_tables
from support.replay import Course, Difference, Outcome, replay
from support.upkeep_mutations import MUTATIONS

THREE_NIGHTS = COUNTEREXAMPLES["three nights"]

pytestmark = pytest.mark.deep


class Begun(OnDuckDB):
    """A lakehouse whose first build was made already, by the project as it is: that one
    rebuilds everything, whatever is broken of upkeep."""

    def __init__(self, folder: Path, lakehouse: Lakehouse, first: Path) -> None:
        """first: the database that the first build made."""
        super().__init__(folder, lakehouse)
        self._first: Path | None = first

    def build(self, build: Build) -> Outcome:
        if self._first is None:
            return super().build(build)
        shutil.copy(self._first, self._lakehouse.database)
        self._first = None
        return Outcome(success=True)


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Lakehouse:
    """A lakehouse whose project is free to be broken; dbt parses again only what was changed."""
    return breakable(tmp_path_factory.mktemp("broken"))


@pytest.fixture
def empty(copied: Lakehouse) -> Lakehouse:
    """The same without deliveries."""
    shutil.rmtree(copied.landing, ignore_errors=True)
    drop_tables(copied)
    return copied


@pytest.fixture(scope="module")
def first_build(tmp_path_factory: pytest.TempPathFactory) -> Callable[[History], Path]:
    """Makes the database of a history after its first delivery and its first build."""

    @cache
    def made(history: History) -> Path:
        lakehouse = Lakehouse(tmp_path_factory.mktemp("first"))
        engine = OnDuckDB(lakehouse.folder / "rebuilt", lakehouse)
        course = Course(engine, history.dates())
        delivery, build = history.steps[:2]
        course.deliver(delivery, 0)
        assert course.build(build, refresh=False) == ("", [])
        duckdb.connect(lakehouse.database).close()  # a part of it is in a second file until then
        return lakehouse.database

    return lambda history: made(History(history.steps[:2]))


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda m: m.breaks)
def test_the_break_is_caught(
    mutation: Mutation,
    empty: Lakehouse,
    first_build: Callable[[History], Path],
    tmp_path: Path,
) -> None:
    history = COUNTEREXAMPLES.get(mutation.caught_by, THREE_NIGHTS)
    first = first_build(history)
    with broken(empty, mutation):
        failure = replay(history, Begun(tmp_path, empty, first))
        if failure is not None:
            refreshed = Lakehouse(tmp_path / "refreshed", empty.project)
            assert refreshed_as_expected(history, failure.step, refreshed) == ("", [])
    assert failure is not None, "no table is wrong"
    assert failure.errors == "", f"a mutation must be a project that builds: {failure.errors}"
    assert failure.step > 1, "\n".join(failure.told())
    if mutation.caught_by in NIGHTS:
        assert [*NIGHTS].index(mutation.caught_by) in failure.lives(), "\n".join(failure.told())


def refreshed_as_expected(
    history: History, until: int, lakehouse: Lakehouse
) -> tuple[str, list[Difference]]:
    """What is wrong when all that a history delivers until a step is built at once. Nothing is, by
    a project of which upkeep alone is broken."""
    course = Course(OnDuckDB(lakehouse.folder / "rebuilt", lakehouse), history.dates())
    for day, step in list(zip(history.days(), history.steps, strict=True))[:until]:
        if isinstance(step, Deliver):
            course.deliver(step, day)
    (build,) = [step for step in history.steps[until : until + 1] if isinstance(step, Build)]
    return course.build(Build(scope=build.scope, full_refresh=True), refresh=False)


def test_the_project_without_a_break_passes(
    empty: Lakehouse, first_build: Callable[[History], Path], tmp_path: Path
) -> None:
    engine = Begun(tmp_path, empty, first_build(THREE_NIGHTS))
    assert replay(THREE_NIGHTS, engine) is None


def test_a_full_refresh_is_of_the_same_project(empty: Lakehouse, tmp_path: Path) -> None:
    """So that a break of a model does not pass for one of upkeep."""
    engine = OnDuckDB(tmp_path, empty)
    engine.land("accelerometer", "a.json", b"{}\n", "2024-01-01")
    mutation = Mutation(
        "nothing is rejected", "models/staging/rejected_lines.sql",
        "where rejection_reason is not null", "where false", "",
    )  # fmt: skip
    with broken(empty, mutation):
        assert engine.rebuilt("since_consent")["stedi_staging.rejected_lines"].total() == 0
    assert engine.rebuilt("since_consent")["stedi_staging.rejected_lines"].total() == 1
