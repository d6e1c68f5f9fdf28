"""Laws 1, 2, 5 and 6 over whole lives on the local Athena; see tests/laws/test_whole_lives.py.

STEDI_ATHENA_LIVES (0)         how many random lives, rounded up to lakehouses of forty
STEDI_HISTORIES_SEED (0)       other lives
"""

from __future__ import annotations

import os
from functools import cache
from math import ceil
from pathlib import Path

import pytest

from support.athena.local import LocalLakehouse
from support.athena.on_athena import OnAthena, nearer
from support.histories import WHOLE_LIVES, History, drawn, whole_lives
from support.known_histories import A_WHOLE_LIFE
from support.replay import replay

NUMBER = ceil(int(os.environ.get("STEDI_ATHENA_LIVES", "0")) / WHOLE_LIVES)
SEED = int(os.environ.get("STEDI_HISTORIES_SEED", "0"))

pytestmark = [pytest.mark.deep, pytest.mark.usefixtures("key_of_the_account")]


def lived(history: History, local: LocalLakehouse, folder: Path) -> None:
    """Fails the test at hand where the history ends in anything that breaks a law."""
    if (failure := replay(history, OnAthena(local, folder, history))) is not None:
        pytest.fail(failure.report(history), pytrace=False)


@cache
def random_lives() -> list[History]:
    return [nearer(history) for history in drawn(NUMBER, SEED, whole_lives())]


def test_a_whole_life(local: LocalLakehouse, tmp_path: Path) -> None:
    lived(A_WHOLE_LIFE, local, tmp_path)


if NUMBER:  # else there would be a test that is skipped

    @pytest.mark.parametrize("number", range(NUMBER))
    def test_random_lives(number: int, local: LocalLakehouse, tmp_path: Path) -> None:
        lived(random_lives()[number], local, tmp_path)
