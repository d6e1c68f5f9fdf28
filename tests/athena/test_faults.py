"""Calls refused, queries that fail, builds killed or at once: the next build puts everything right.

A build that breaks off makes other tables than the next, by another consent_scope: so nothing is
right for having been left alone. Tests of the laws are not the point here, and are not run.

STEDI_FAULT_POINTS (1; `all`) is at how many further calls a build is killed, drawn by a seed.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import count
from math import inf
from pathlib import Path

import pytest

from local_athena import glue
from local_athena.faults import Call, Fault, await_queries, each_once, injected, refused
from local_athena.trino import QueryFailed
from stedi.synthetic.generator import generate
from stedi.synthetic.personas import Settings
from support.athena.account import keys, landed, names, tables, unreferenced
from support.athena.local import LocalLakehouse
from support.athena.parity import WITHOUT_TESTS, Rows, of_trino
from support.athena.reader import Seen, reading

TRUSTED, CURATED = "accelerometer_trusted", "customers_curated"
TABLES = (f"stedi_trusted.{TRUSTED}", f"stedi_curated.{CURATED}")
# What is built by turns; in one thread, so that calls come in one order.
CHAIN = ("run", "--threads", "1", "--select", "accelerometer_decisions", TRUSTED)
CHAIN = (*CHAIN, "decisions_by_day", "decisions_by_month", "decisions_by_identifier", CURATED)
OTHER = (*CHAIN, "--vars", "consent_scope: any_time")
CLEARED = "what was left of an earlier build is cleared"
POINTS = os.environ.get("STEDI_FAULT_POINTS", "1")

pytestmark = pytest.mark.deep


@dataclass
class Lake:
    """A built lakehouse: its tables as they must be, and as the other build makes them."""

    local: LocalLakehouse
    right: dict[str, Rows]
    other: dict[str, Rows]
    landed: set[tuple[str, str, str]]
    changes: list[Call]  # what a build of CHAIN changes, call by call

    def tables(self) -> dict[str, Rows]:
        return tables(self.local)

    def build(self) -> None:
        """The next build, after which everything must be right and nothing be left over."""
        result = self.local.dbt(*CHAIN)
        assert result.success, result.output
        self.check()

    def check(self) -> None:
        assert [name for name in names(self.local) if "__" in name] == []
        assert self.tables() == self.right
        assert landed(self.local) == self.landed
        assert unreferenced(self.local) == set()

    def check_whole(self) -> None:
        """What people read is there, and is the old table or the new one."""
        for table in TABLES:
            assert of_trino(self.local, table) in (self.right[table], self.other[table]), table


def clear_unreferenced(local: LocalLakehouse) -> set[str]:
    """Deletes what a query wrote that failed in the end, and returns where that lay. Nothing else
    knows of such files; maintenance has to find them."""
    folders = unreferenced(local)
    for key in keys(local):
        if key.startswith(tuple(f"{folder}/" for folder in folders)):
            local.client("s3").delete_object(Bucket=local.lake.config.bucket, Key=key)
    return folders


def of_today(landing: Path) -> None:
    """Moves deliveries to the last days, as Trino looks into every folder from the first on."""
    days = sorted({path.name for path in landing.glob("*/landing/ingest_date=*")})
    for path in landing.glob("*/landing/ingest_date=*"):
        day = date.today() - timedelta(days=len(days) - days.index(path.name))
        path.rename(path.with_name(f"ingest_date={day}"))


def changes(call: Call) -> bool:
    """Whether a call changes tables or files."""
    if call.action == "StartQueryExecution":
        return " create " in call.body.replace("\\n", " ")
    return call.action.startswith(("Update", "Delete", "POST ?delete", "PUT", "DELETE"))


@pytest.fixture(scope="module")
def lake(local: LocalLakehouse, tmp_path_factory: pytest.TempPathFactory) -> Lake:
    landing = tmp_path_factory.mktemp("faults") / "landing"
    generate(Settings(people=8, readings_per_person=12), landing)
    of_today(landing)
    local.land(landing)
    result = local.dbt("build", *WITHOUT_TESTS, *OTHER[-2:])
    assert result.success, result.output
    other = tables(local)
    with injected(local) as faults:
        result = local.dbt(*CHAIN)
    assert result.success, result.output
    right = tables(local)
    assert all(right[table] != other[table] for table in TABLES)
    changing = [call for call in faults.of("dbt") if changes(call)]
    lake = Lake(local, right, other, landed(local), changing)
    lake.check()
    return lake


def step(table: str, name: str) -> Callable[[Call], bool]:
    """A step of how a table is replaced."""
    action, text = {
        "its successor is made": ("StartQueryExecution", f'"{table}__ha\\"'),
        "its old files are noted": ("StartQueryExecution", f"`{table}__bkp`"),
        "it is replaced": ("UpdateTable", f'"Name": "{table}"'),
        "its successor's entry goes": ("DeleteTable", f'"{table}__ha"'),
        "its old files go": ("POST ?delete", f"/{table}/"),
        "the note of them goes": ("DeleteTable", f'"{table}__bkp"'),
    }[name]
    return lambda call: call.action == action and text in call.body and changes(call)


def half_way(table: str) -> Callable[[Call], bool]:
    """The commit of a table's successor, all of whose files are written."""
    named = f'"Name": "{table}__ha"'
    return lambda c: c.client == "trino" and c.action == "CreateTable" and named in c.body


def test_killed_builds_are_put_right_by_the_next(lake: Lake) -> None:
    """Killed after a step, or when what an earlier build left is cleared, before more is made; each
    begins with what the one before it has left."""
    for table, name in (
        (TRUSTED, "its successor is made"),
        (CURATED, "it is replaced"),
        (CURATED, CLEARED),
        (TRUSTED, "it is replaced"),
        (TRUSTED, CLEARED),
        (TRUSTED, "its old files are noted"),
        (CURATED, "its successor is made"),
        (CURATED, "its old files go"),
    ):
        matches = step(table, "its successor is made" if name == CLEARED else name)
        done = name != CLEARED
        broken = lake.local.kill_dbt(matches, *OTHER, done=done, folder="other")
        assert broken.at is not None, broken.output
        lake.check_whole()
    lake.build()


def test_a_build_killed_at_any_change_is_put_right_by_the_next(lake: Lake) -> None:
    points = [(n, done) for n in range(len(lake.changes)) for done in (False, True)]
    assert len(points) > 30
    drawn = points if POINTS == "all" else random.Random(0).sample(points, int(POINTS))
    for n, done in drawn:
        numbers = count()
        matches = lambda call: changes(call) and next(numbers) == n  # noqa: B023, E731
        broken = lake.local.kill_dbt(matches, *OTHER, done=done, folder="other")
        assert broken.at is not None, broken.output
        print(f"killed {'after' if done else 'before'} {n}: {broken.at}", flush=True)
        lake.check_whole()
        lake.build()


def test_failed_builds_are_put_right_by_the_next(lake: Lake) -> None:
    """Calls that are refused for good; and a query that fails when all its files are written."""
    for matches in (
        step(TRUSTED, "its old files go"),
        step(CURATED, "its successor's entry goes"),
        half_way(TRUSTED),
    ):
        fault = Fault(matches, refused("AccessDeniedException"), inf)
        with injected(lake.local, fault):
            result = lake.local.dbt(*OTHER, folder="other")
        assert fault.struck and not result.success, result.output
        await_queries(lake.local)
        lake.check_whole()
    (written,) = clear_unreferenced(lake.local)
    assert written.startswith(f"accelerometer/trusted/{TRUSTED}/")
    lake.build()


def test_every_call_is_refused_once_and_nobody_notices(lake: Lake) -> None:
    errors = {
        "athena": ("TooManyRequestsException", 400),
        "glue": ("InternalServiceException", 500),
        "s3": ("InternalError", 500),
    }
    first = each_once()
    faults = [
        Fault(lambda call, of=service: call.service == of and first(call), refused(*error), inf)
        for service, error in errors.items()
    ]
    with injected(lake.local, *faults) as calls:
        result = lake.local.dbt("run", "--select", CURATED)
    assert result.success, result.output
    struck = [sum(call.service == of for f in faults for call in f.struck) for of in errors]
    assert min(struck) > 1, struck
    print(f"{struck} of {len(calls.of('dbt'))} calls refused")
    lake.check()


def test_a_reader_sees_the_old_table_or_the_new_one(lake: Lake) -> None:
    with reading(lake.local, TABLES) as seen:
        result = lake.local.dbt(*OTHER, folder="other")
    assert result.success, result.output
    judge(lake, seen)
    for table in TABLES:
        assert seen[table].answers == [lake.right[table], lake.other[table]]
        assert seen[table].missing == 0 and "TABLE_NOT_FOUND" not in seen[table].errors
    lake.build()


def test_the_adapters_own_renaming_leaves_a_gap(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What remains where Glue does not tell a table's PartitionKeys; see rename_relation.sql."""
    told = glue.filled_in
    monkeypatch.setattr(
        glue, "filled_in", lambda t: {k: v for k, v in told(t).items() if k != "PartitionKeys"}
    )
    # killed between the two renames: no table until the next build, no leftovers after the second
    backup = f"rename to `stedi_trusted`.`{TRUSTED}__bkp`"
    broken = lake.local.kill_dbt(lambda call: backup in call.body, *CHAIN, done=True)
    assert broken.at is not None, broken.output
    with pytest.raises(QueryFailed, match="TABLE_NOT_FOUND"):
        of_trino(lake.local, TABLES[0])
    with reading(lake.local, TABLES) as seen:
        assert lake.local.dbt(*CHAIN).success
    judge(lake, seen)  # and prints for how long there was none
    assert "TABLE_NOT_FOUND" in seen[TABLES[0]].errors
    assert [of_trino(lake.local, table) for table in TABLES] == [lake.right[t] for t in TABLES]
    left = {name for name in names(lake.local) if "__" in name}
    assert left == {f"stedi_trusted.{TRUSTED}__ha", f"stedi_trusted.{TRUSTED}__bkp"}
    lake.build()


def test_of_two_builds_at_once_the_second_stops(lake: Lake) -> None:
    """Or both do, where they begin at the same moment. A killed one is no reason to."""
    lease = {"STEDI_BUILD_LEASE_MINUTES": "60"}
    broken = lake.local.kill_dbt(step(TRUSTED, "it is replaced"), *OTHER, done=True, folder="other")
    assert broken.at is not None, broken.output
    before = lake.tables()
    stopped = lake.local.dbt(*CHAIN, **lease)
    assert not stopped.success and "has not ended" in stopped.output, stopped.output
    assert "dbt run-operation end_killed_builds" in stopped.output
    assert lake.tables() == before
    assert lake.local.dbt("run-operation", "end_killed_builds").success

    with reading(lake.local, TABLES) as seen:
        both = [lake.local.start(*CHAIN, folder=folder, **lease) for folder in ("dbt", "other")]
        ended = [process.communicate()[0] for process in both]
    stopped = [output for process, output in zip(both, ended, strict=True) if process.returncode]
    print(f"{len(stopped)} of 2 stopped")
    assert stopped and all("has not ended" in output for output in stopped), ended
    judge(lake, seen)
    lake.build()


def judge(lake: Lake, seen: dict[str, Seen]) -> None:
    for table, told in seen.items():
        print(f"{table}: {told}")
        assert told.reads > 2
        assert all(rows in (lake.right[table], lake.other[table]) for rows in told.answers)
