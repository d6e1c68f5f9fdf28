"""Law 4 on random histories: wherever a build gets to, it is where a full refresh would.

    STEDI_HISTORIES=20 pytest tests/laws/test_histories_converge.py    # 400 sequences, 8 min

A history is twenty lives of three people each, which have nothing to do with each other: as many
random sequences of deeds, that share their builds.

STEDI_HISTORIES (2)            how many histories
STEDI_HISTORIES_SEED (0)       other histories
STEDI_HISTORIES_REFRESH (last) `every`: compares with a full refresh after every build
STEDI_NARROW_SECONDS (120)     how long to look for a smaller history where one fails

What is printed of a failure is Python; it becomes a test by being pasted into
COUNTEREXAMPLES (known_histories.py).
"""

from __future__ import annotations

import os
from functools import cache
from itertools import count
from pathlib import Path

import pytest

from support.histories import History, drawn, histories
from support.known_histories import COUNTEREXAMPLES
from support.narrowing import Fails, narrowed
from support.on_duckdb import OnDuckDB
from support.replay import Failure, replay

NUMBER = int(os.environ.get("STEDI_HISTORIES", "2"))
SEED = int(os.environ.get("STEDI_HISTORIES_SEED", "0"))
EVERY_REFRESH = os.environ.get("STEDI_HISTORIES_REFRESH", "last") == "every"
NARROW_SECONDS = float(os.environ.get("STEDI_NARROW_SECONDS", "120"))


@pytest.fixture
def fails(tmp_path: Path) -> Fails:
    """Replays a history in a new lakehouse."""
    folders = count()

    def fails(history: History) -> Failure | None:
        return replay(history, OnDuckDB(tmp_path / f"history-{next(folders)}"), EVERY_REFRESH)

    return fails


@cache
def random_histories() -> list[History]:
    return drawn(NUMBER, SEED, histories())


@pytest.mark.deep
@pytest.mark.parametrize("number", range(NUMBER))
def test_a_history_ends_where_a_full_refresh_would(number: int, fails: Fails) -> None:
    history = random_histories()[number]
    if (failure := fails(history)) is not None:
        smaller = narrowed(history, failure, fails, NARROW_SECONDS)
        pytest.fail(report(failure, smaller, fails(smaller)), pytrace=False)


# Rare ones, which take longest.
DEEP = (
    "another consent_scope, and back", "parts of a build, then the whole", "three nights",
    "counts are added up from what a build that broke off has left of them",
    "one kind of readings comes alone, on a day of its own",
    "readings come again, and nothing else", "nothing ever lands",
)  # fmt: skip


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.deep if name in DEEP else ())
        for name in COUNTEREXAMPLES
    ],
)
def test_a_known_history_ends_where_a_full_refresh_would(name: str, tmp_path: Path) -> None:
    history = COUNTEREXAMPLES[name]
    failure = replay(history, OnDuckDB(tmp_path / "known"), EVERY_REFRESH, every_kill=True)
    if failure is not None:
        pytest.fail(report(failure, history, failure), pytrace=False)


def report(failure: Failure, smaller: History, its_failure: Failure | None) -> str:
    """What went wrong, and the smallest history that goes wrong: in words and in Python."""
    found = its_failure or failure
    lines = [found.report(smaller)]
    if its_failure is not failure:
        lines += ["", "Before it was made smaller:", *failure.told()]
    return "\n".join(lines)
