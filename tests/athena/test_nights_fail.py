"""Nights that break off on the local Athena, which has no transactions: what one table lost stays
lost until the next build, which puts it right.

The deliveries are those of known_histories.py: in the second night devices, consents and readings
change for a dozen lives.
"""

from __future__ import annotations

import re
from itertools import count
from math import inf
from pathlib import Path

import pytest

from local_athena.faults import Call, Fault, Matches, await_queries, injected, refused
from support.athena.local import LocalLakehouse
from support.athena.on_athena import OnAthena
from support.histories import Build, Deliver, History
from support.known_histories import COUNTEREXAMPLES, nights
from support.replay import Course, replay

CONFLICT = "ConcurrentModificationException"  # of Glue, where somebody else committed meanwhile
TRUSTED = "accelerometer_trusted"

pytestmark = [pytest.mark.deep, pytest.mark.usefixtures("key_of_the_account")]


def commits(table: str, after: int = 0) -> Matches:
    """The commits of a table by the engine, less the first `after` of them. A commit that is
    refused is tried again, and counts again."""
    numbers = count()
    named = re.compile(rf'"Name": "{table}"')

    def matches(call: Call) -> bool:
        is_one = call.client == "trino" and call.action == "UpdateTable"
        return is_one and bool(named.search(call.body)) and next(numbers) >= after

    return matches


def test_nights_killed_between_two_statements_are_put_right(
    local: LocalLakehouse, tmp_path: Path
) -> None:
    history = COUNTEREXAMPLES["three nights, the last two broken off"]
    failure = replay(history, OnAthena(local, tmp_path, history))
    assert failure is None, "\n".join(failure.told())


def test_nights_whose_commits_are_refused_are_put_right(
    local: LocalLakehouse, tmp_path: Path
) -> None:
    """For good: of every commit of a table, and of all but the first."""
    history = History((Deliver(nights(0)), Build(), Deliver(nights(1)), Build()))
    engine = OnAthena(local, tmp_path, history)
    course = Course(engine, history.dates())
    course.deliver(history.steps[0], 0)
    assert course.build(Build(), refresh=False) == ("", [])
    whole = engine.tables(["trusted"])[f"stedi_trusted.{TRUSTED}"]
    course.deliver(history.steps[2], 1)

    held = []
    for after in (0, 1):
        fault = Fault(commits(TRUSTED, after), refused(CONFLICT), inf)
        with injected(local, fault):
            result = local.dbt(*Build().arguments)
        assert fault.struck and not result.success, result.output
        assert "ICEBERG_COMMIT_ERROR" in result.output, result.output
        await_queries(local)
        assert course.broken_off("since_consent") == []
        held.append(engine.tables(["trusted"])[f"stedi_trusted.{TRUSTED}"])
    assert held[0] == whole != held[1]

    assert course.build(Build(), refresh=True) == ("", [])
