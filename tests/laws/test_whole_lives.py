"""Laws 1, 2, 5 and 6 over whole lives: consent, withdrawal, maintenance, erasure, coming back.

    make lives N=1000

After each step the tables are what Python expects. After maintenance no file has more of anybody
than its rows; after an erasure nothing that is stored has the person's email or id.

STEDI_LIVES (0)                how many random lives, rounded up to lakehouses of forty
STEDI_HISTORIES_SEED (0)       other lives
"""

from __future__ import annotations

import os
from functools import cache
from math import ceil
from pathlib import Path

import pytest

from support.histories import WHOLE_LIVES, History, drawn, whole_lives
from support.known_histories import A_WHOLE_LIFE
from support.on_duckdb import OnDuckDB
from support.replay import replay

NUMBER = ceil(int(os.environ.get("STEDI_LIVES", "0")) / WHOLE_LIVES)
SEED = int(os.environ.get("STEDI_HISTORIES_SEED", "0"))


def lived(history: History, folder: Path) -> None:
    """Fails the test at hand where the history ends in anything that breaks a law."""
    engine = OnDuckDB(folder)
    engine.unpack()
    if (failure := replay(history, engine)) is not None:
        pytest.fail(failure.report(history), pytrace=False)


@cache
def random_lives() -> list[History]:
    return drawn(NUMBER, SEED, whole_lives())


@pytest.mark.deep
def test_a_whole_life(tmp_path: Path) -> None:
    lived(A_WHOLE_LIFE, tmp_path)


if NUMBER:  # else there would be a test that is skipped

    @pytest.mark.parametrize("number", range(NUMBER))
    def test_random_lives(number: int, tmp_path: Path) -> None:
        lived(random_lives()[number], tmp_path)
