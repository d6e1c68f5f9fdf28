"""Law 4 on random histories, on the local Athena: each build beside Python's expectation, the last
one beside DuckDB's full refresh too.

    STEDI_ATHENA_HISTORIES=3 pytest tests/athena/test_histories_on_athena.py

STEDI_ATHENA_HISTORIES (1)     how many histories, of thirty lives each
STEDI_ATHENA_TURNS (0)         turns of deliveries and builds, as many as were drawn of each; 0:
                               three deliveries and builds, one of them killed
STEDI_HISTORIES_SEED (0)       other histories
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

import pytest

from support.athena.local import LocalLakehouse
from support.athena.on_athena import OnAthena, nearer
from support.histories import Build, Deliver, History, drawn, histories
from support.replay import replay

NUMBER = int(os.environ.get("STEDI_ATHENA_HISTORIES", "1"))
TURNS = int(os.environ.get("STEDI_ATHENA_TURNS", "0"))
SEED = int(os.environ.get("STEDI_HISTORIES_SEED", "0"))
LIVES = 30

pytestmark = [pytest.mark.deep, pytest.mark.usefixtures("key_of_the_account")]


def short(history: History) -> History:
    """Three of the history's deliveries: one is built, one when its build is killed, one after."""
    delivered = [step for step in nearer(history).steps if isinstance(step, Deliver)]
    first, second, third = delivered[:3]
    drawn_builds = [step for step in history.steps if isinstance(step, Build)]
    killed = [build.killed for build in drawn_builds if isinstance(build.killed, int)]
    breaks_off = Build(killed=(killed or [500])[0])
    last = third._replace(later=0)
    return History((first, Build(), second, breaks_off, last, Build()))


@cache
def random_histories() -> list[History]:
    way = nearer if TURNS else short
    return [way(history) for history in drawn(NUMBER, SEED, histories(LIVES, TURNS or 3))]


@pytest.mark.parametrize("number", range(NUMBER))
def test_a_history_ends_where_a_full_refresh_would(
    number: int, local: LocalLakehouse, tmp_path: Path
) -> None:
    history = random_histories()[number]
    if (failure := replay(history, OnAthena(local, tmp_path, history))) is not None:
        pytest.fail(failure.report(history), pytrace=False)
