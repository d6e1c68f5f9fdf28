"""Law 4 on random histories, on the local Athena: each build beside Python's expectation, the last
one beside DuckDB's full refresh too.

    STEDI_ATHENA_HISTORIES=3 pytest tests/athena_local/test_histories_on_athena.py

STEDI_ATHENA_HISTORIES (1)     how many histories, of thirty lives each
STEDI_ATHENA_TURNS (2)         how long they are: turns of deliveries and builds
STEDI_HISTORIES_SEED (0)       other histories
"""

from __future__ import annotations

import os
from datetime import date
from functools import cache
from pathlib import Path

import pytest
from athena_local.local import AthenaLocal
from athena_local.on_athena import OnAthena
from histories import Build, Deliver, History, drawn, histories
from replay import replay

NUMBER = int(os.environ.get("STEDI_ATHENA_HISTORIES", "1"))
TURNS = int(os.environ.get("STEDI_ATHENA_TURNS", "2"))
SEED = int(os.environ.get("STEDI_HISTORIES_SEED", "0"))
LIVES = 30


def near(history: History) -> History:
    """The history without long times in which nothing comes: Trino looks into every day's folder.

    It ends with a delivery, a build that is killed, and one that must put it right.
    """
    steps = [s._replace(later=min(s.later, 1)) if isinstance(s, Deliver) else s
             for s in history.steps]  # fmt: skip
    if not any(isinstance(step, Build) and step.killed is not None for step in steps):
        last = max(n for n, step in enumerate(steps) if isinstance(step, Deliver))
        steps = [*steps[: last + 1], Build(killed=500), Build()]
    return History(tuple(steps))


@cache
def random_histories() -> list[History]:
    return [near(history) for history in drawn(NUMBER, SEED, histories(LIVES, TURNS))]


@pytest.mark.parametrize("number", range(NUMBER))
def test_a_history_ends_where_a_full_refresh_would(
    number: int, local: AthenaLocal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lakehouse.KEY", local.key_file.read_text().strip())
    history = random_histories()[number]
    engine = OnAthena(local, tmp_path, date.fromisoformat(history.dates()[-1]))
    if (failure := replay(history, engine)) is not None:
        told = [*failure.told(), "", "The history:", *history.told(), "", history.as_code()]
        pytest.fail("\n".join(told), pytrace=False)
