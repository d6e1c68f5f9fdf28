"""The histories themselves: the same for a seed, full of what they are for, and able to fail."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from support import oracle
from support.deeds import Again, Bad, Measured, Moved, Record, source_of
from support.histories import Build, Deliver, History, drawn, histories
from support.killing import Before
from support.lakehouse import EXEMPT
from support.narrowing import narrowed
from support.on_duckdb import OnDuckDB
from support.oracle import Line, Rows
from support.replay import Course, Failure, Outcome, lines_of, replay

SOME = drawn(6, 3, histories())


@dataclass
class Forgetful:
    """An engine without dbt that is right, but for what is delivered on a day already built."""

    landed: list[Line] = field(default_factory=list)
    noted: list[Line] = field(default_factory=list)
    built: str = ""  # the newest day built
    shown: dict[str, Rows] = field(default_factory=dict)

    def land(self, source: str, name: str, content: bytes, date: str) -> None:
        lines = lines_of(source, date, name, content)
        self.landed += lines
        if date > self.built:
            self.noted += lines

    def link(self, source: str, date: str) -> None:
        """It has no folders."""

    def build(self, build: Build) -> Outcome:
        if not build.whole:
            return Outcome(success=build.killed is None, killed=build.killed is not None)
        self.built = max((line.ingest_date for line in self.landed), default="")
        self.shown = oracle.tables(self.noted, build.scope)
        return Outcome(success=True)

    def tables(self, layers: Iterable[str] = ()) -> dict[str, Rows]:
        return self.shown

    def rebuilt(self, scope: str) -> dict[str, Rows]:
        return oracle.tables(self.landed, scope)


def fails(history: History) -> Failure | None:
    return replay(history, Forgetful())


def lines_landed(history: History) -> list[Line]:
    """Everything that is delivered in a history."""
    engine = Forgetful()
    course = Course(engine, history.dates())
    for day, step in zip(history.days(), history.steps, strict=True):
        if isinstance(step, Deliver):
            course.deliver(step, day)
    return engine.landed


def test_a_seed_draws_the_same_histories_each_time() -> None:
    assert drawn(6, 3, histories()) == SOME
    assert drawn(6, 2, histories()) != SOME


def test_a_seed_draws_the_same_histories_whatever_else_is_loaded() -> None:
    code = "from support.histories import drawn, histories; print(repr(drawn(6, 3, histories())))"
    paths = os.pathsep.join(filter(None, sys.path))
    alone = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True,
        env=os.environ | {"PYTHONPATH": paths},
    )  # fmt: skip
    assert alone.stdout.strip() == repr(SOME)


def test_a_history_is_made_again_by_its_code() -> None:
    names = {kind.__name__: kind for kind in (Again, Bad, Before, Measured, Moved, Record)}
    names |= {"Build": Build, "Deliver": Deliver, "History": History}
    assert [eval(history.as_code(), names) for history in SOME] == SOME


def test_days_never_go_back_and_the_last_build_is_whole() -> None:
    for history in SOME:
        assert history.days() == sorted(history.days())
        assert isinstance(history.steps[-1], Build) and history.steps[-1].whole


def test_histories_have_of_everything() -> None:
    steps = [step for history in drawn(12, 3, histories()) for step in history.steps]
    delivered = [step for step in steps if isinstance(step, Deliver)]
    builds = [step for step in steps if isinstance(step, Build)]
    deeds = [deed for step in delivered for _, deed in step.deeds]
    assert {0, 1, 30} <= {step.later for step in delivered}
    assert {step.empty for step in delivered} == {True, False}
    assert {step.files for step in delivered} == {1, 2, 3}
    sources = {frozenset(source_of(deed) for _, deed in step.deeds) for step in delivered}
    assert len(sources) >= 6  # all together, and others without a file
    assert Counter(map(type, deeds)).keys() == {Record, Moved, Measured, Again, Bad}
    assert sum(build.whole for build in builds) > len(builds) / 3
    for some in ("select", "full_refresh", "killed"):
        assert sum(bool(getattr(build, some)) for build in builds) > 3, some
    assert sum(build.scope == "any_time" for build in builds) > 3
    assert {type(build.killed) for build in builds} == {type(None), int, Before}


def test_outcomes_of_all_kinds_are_expected() -> None:
    """Every reason to withhold a reading, in lives that were drawn, and training rows."""
    reasons: Counter[str] = Counter()
    trained = 0
    for history in SOME:
        tables = oracle.tables(lines_landed(history), "since_consent")
        for row in tables["stedi_audit.consent_funnel"]:
            reasons[dict(row)["reason"]] += dict(row)["readings"]
        trained += tables["stedi_curated.machine_learning_curated"].total()
    assert set(reasons) == {
        "released", "no_consent", "consent_unclear", "withdrawn_then", "before_consent",
        "unknown_person", "unknown_device", "ambiguous_device",
    }  # fmt: skip
    assert min(reasons.values()) > 5, reasons
    assert trained > 20 * len(SOME)


def test_an_engine_that_forgets_is_found_out_and_its_history_made_small() -> None:
    found = [failure for history in SOME if (failure := fails(history))]
    assert len(found) >= len(SOME) / 2
    history = next(history for history in SOME if fails(history))
    small = narrowed(history, fails(history), fails, seconds=600)
    failure = fails(small)
    assert failure is not None
    # one deed is built, and one forgotten
    assert sum(len(step.deeds) for step in small.steps if isinstance(step, Deliver)) <= 2
    assert len(small.steps) <= 4, small
    told = "\n".join((*small.told(), *failure.told()))
    assert "step 0: " in told and "missing" in told, told


class NeverKilled(Forgetful):
    """An engine whose builds always end before they are killed."""

    def build(self, build: Build) -> Outcome:
        return replace(super().build(build), killed=False, success=True)


def test_a_build_that_ends_before_it_is_killed_is_wrong_where_kills_are_the_point() -> None:
    history = History((Build(), Build(killed=500), Build()))
    assert replay(history, Forgetful(), every_kill=True) is None
    assert replay(history, NeverKilled()) is None
    failure = replay(history, NeverKilled(), every_kill=True)
    assert failure is not None and failure.step == 1


def test_a_killed_build_leaves_what_the_next_puts_right(tmp_path: Path) -> None:
    """The build really is killed, half-way."""
    engine = OnDuckDB(tmp_path / "a")
    assert engine.build(Build()).success
    engine.land("accelerometer", "a.json", b"{}\n", "2024-01-01")
    assert engine.build(Build(killed=500)).killed
    assert engine.build(Build()).success
    found = engine.tables()
    rebuilt = engine.rebuilt("since_consent")
    assert {n for n in found if found[n] != rebuilt[n] and n.split(".")[1] not in EXEMPT} == set()
    assert found["stedi_staging.rejected_lines"].total() == 1
