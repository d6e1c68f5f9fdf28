"""Law 4 on random histories: wherever a build gets to, it is where a full refresh would.

    STEDI_HISTORIES=20 pytest tests/lakehouse/test_histories_converge.py    # 400 sequences, 8 min

A history is twenty lives of three people each, which have nothing to do with each other: as many
random sequences of deeds, that share their builds.

STEDI_HISTORIES (2)            how many histories
STEDI_HISTORIES_SEED (0)       other histories
STEDI_HISTORIES_REFRESH (last) `every`: compares with a full refresh after every build
STEDI_NARROW_SECONDS (120)     how long to look for a smaller history where one fails

What is printed of a failure is Python; it becomes a test by being pasted into COUNTEREXAMPLES.
"""

from __future__ import annotations

import os
from functools import cache
from itertools import count
from pathlib import Path

import pytest
from deeds import Again, Bad, Deed, Measured, Moved, Record
from histories import Build, Deliver, History, drawn, histories
from narrowing import Fails, narrowed
from on_duckdb import OnDuckDB
from replay import Failure, replay

NUMBER = int(os.environ.get("STEDI_HISTORIES", "2"))
SEED = int(os.environ.get("STEDI_HISTORIES_SEED", "0"))
EVERY_REFRESH = os.environ.get("STEDI_HISTORIES_REFRESH", "last") == "every"
NARROW_SECONDS = float(os.environ.get("STEDI_NARROW_SECONDS", "120"))

# Lives that random ones are not as likely to come by: what each does in the first, the second and
# the third night. They share the builds of one history.
NIGHTS: dict[str, tuple[tuple[Deed, ...], tuple[Deed, ...], tuple[Deed, ...]]] = {
    "a device is claimed by two, and by one again": (
        (Record(0, consent=9), Moved(0), Measured(0)),
        (Record(1, device=0),),
        (Record(1, device=None),),
    ),
    "two people exchange their devices": (
        (Record(0, consent=9), Record(1, consent=9), Moved(0), Moved(1), Measured(0),
         Measured(1, value=1)),
        (Record(0, device=1), Record(1, device=0)),
        (),
    ),
    "a device is handed on to somebody unknown until then": (
        (Record(0, consent=9), Moved(0), Moved(1), Measured(0)),
        (Record(0, device=2), Record(1, consent=9, device=0)),
        (Record(0, age=-1, device=0),),
    ),
    "readings come again, alone, written otherwise; then somebody knows them": (
        (Moved(0), Measured(0), Bad("accelerometer", 0)),
        (Again("accelerometer", 0, 1), Again("step_trainer", 0, 1)),
        (Record(0, consent=9),),
    ),
    "the nearer distance comes later, then its owner withdraws": (
        (Record(0, consent=9), Moved(0), Measured(0, value=2)),
        (Measured(0, value=1),),
        (Measured(0, value=2), Record(0, consent=None)),
    ),
    "an older refusal comes late, then one of the same moment": (
        (Record(0, consent=9), Moved(0), Measured(0)),
        (Record(0, age=-1, consent=None),),
        (Record(0, age=0, consent=None),),
    ),
    "consent moves on, past a reading, and back": (
        (Record(0, consent=0), Moved(0), Moved(0, 1), Measured(0), Measured(0, 1)),
        (Record(0, consent=1),),
        (Record(0, consent=0),),
    ),
    "the last reading of a kind is withheld, others stay": (
        (Record(0, consent=9), Moved(0), Moved(0, 4), Measured(0)),
        (Record(0, device=1),),
        (Record(0, device=0), Measured(0, 4)),
    ),
    "a phone, and nothing else": (
        (Record(0, consent=9), Moved(0), Measured(0)),
        (Record(0, phone=7),),
        (Record(0, phone=0, consent=None), Record(0, consent=9)),
    ),
}  # fmt: skip


def nights(number: int) -> tuple[tuple[int, Deed], ...]:
    """What all of those lives do in a night."""
    lives = NIGHTS.values()
    return tuple((life, deed) for life, does in enumerate(lives) for deed in does[number])


# Histories that failed once, and some whose builds matter more than what is delivered.
COUNTEREXAMPLES: dict[str, History] = {
    "nothing ever lands": History((Build(), Build())),
    "three nights": History((
        Deliver(nights(0)), Build(), Deliver(nights(1)), Build(), Deliver(nights(2), later=0),
        Build(killed=500), Build(),
    )),
    "consent, withdrawal, consent again, without a new reading": History((
        Deliver(((0, Record(0)), (0, Moved(0)), (0, Measured(0)))),
        Build(),
        Deliver(((0, Record(0, consent=0)),)),
        Build(),
        Deliver(((0, Record(0, consent=None)),)),
        Build(),
        Deliver(((0, Record(0, consent=9)),), later=0),
        Build(),
    )),
    "parts of a build, then the whole": History((
        Deliver(((0, Record(0)), (0, Moved(0)), (0, Measured(0)))),
        Build(),
        Deliver(((0, Record(0, consent=9)), (0, Moved(0, 1)))),
        Build(select="+stg_accelerometer"),
        Build(select="stg_customers"),
        Build(),
        Build(scope="any_time", select="trusted"),
        Build(),
    )),
}  # fmt: skip


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


@pytest.mark.parametrize("number", range(NUMBER))
def test_a_history_ends_where_a_full_refresh_would(number: int, fails: Fails) -> None:
    history = random_histories()[number]
    if (failure := fails(history)) is not None:
        smaller = narrowed(history, failure, fails, NARROW_SECONDS)
        pytest.fail(report(failure, smaller, fails(smaller)), pytrace=False)


@pytest.mark.parametrize("name", COUNTEREXAMPLES)
def test_a_known_history_ends_where_a_full_refresh_would(name: str, fails: Fails) -> None:
    history = COUNTEREXAMPLES[name]
    if (failure := fails(history)) is not None:
        pytest.fail(report(failure, history, failure), pytrace=False)


def report(failure: Failure, smaller: History, its_failure: Failure | None) -> str:
    """What went wrong, and the smallest history that goes wrong: in words and in Python."""
    found = its_failure or failure
    lines = [*found.told(), "", "The history:", *smaller.told(), "", smaller.as_code()]
    if its_failure is not failure:
        lines += ["", "Before it was made smaller:", *failure.told()]
    return "\n".join(lines)
