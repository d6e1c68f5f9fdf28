"""Law 5 to its end: who is erased is in no line, row or file, and comes back only if reinstated."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from copy import deepcopy
from pathlib import Path

import duckdb
import pytest

from stedi.errors import StediError
from stedi.synthetic.expectation import SOURCES
from support.deeds import Life
from support.duckdb_tables import tables
from support.erased_life import BACK, DATES, HISTORY, WHO, known_of, without
from support.erasing_on_duckdb import ALL, Killed, erase, erasure_in, held
from support.expected_tables import Rows, expected_tables
from support.histories import FIRST_DAY, Build, Deliver
from support.lakehouse import Lakehouse
from support.replay import beside_python, files


def land(lakehouse: Lakehouse, lives: dict[int, Life], day: int, step: Deliver) -> None:
    """Lands a day's delivery."""
    for source, name, content in files(step, day, day, lives):
        lakehouse.land(source, name, content, DATES[day])


def wrong(lakehouse: Lakehouse, lives: Iterable[Life], erased: Iterable[str] = ()) -> list[str]:
    """Where the tables are not what Python expects."""
    expected: dict[str, Rows] = expected_tables(lives, DATES, "since_consent", {*erased})
    found = beside_python(tables(lakehouse.database), expected)
    return [line for difference in found for line in difference.told()]


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[int, Life]]:
    """A lakehouse in which the history was built night by night, and its lives."""
    lakehouse = Lakehouse(tmp_path_factory.mktemp("prepared") / "lakehouse")
    lives: dict[int, Life] = {}
    for day, step in enumerate(HISTORY.steps):
        land(lakehouse, lives, day, step)
        assert lakehouse.dbt(*Build().arguments).success
    assert wrong(lakehouse, lives.values()) == []
    return lakehouse.folder, lives


@pytest.fixture
def built(prepared: tuple[Path, dict[int, Life]], tmp_path: Path) -> tuple[Lakehouse, dict]:
    """A copy of it that a test may change."""
    folder, lives = prepared
    shutil.copytree(folder, tmp_path / "lakehouse")
    return Lakehouse(tmp_path / "lakehouse"), deepcopy(lives)


def is_erased(lakehouse: Lakehouse, lives: dict[int, Life]) -> None:
    """Fails where anything of the person is left, or anything of others is not."""
    assert held(lakehouse.folder, known_of(lives[0], WHO)) == {}
    left = [without(lives[0], WHO), lives[1]]
    assert wrong(lakehouse, left) == []
    assert [*(lakehouse.folder / "pending_erasures").glob("*")] == []


def test_an_erased_person_is_nowhere_and_everybody_else_is_unchanged(built) -> None:
    lakehouse, lives = built
    known = known_of(lives[0], WHO)
    before = held(lakehouse.folder, known)
    assert before.keys() == known.keys()
    assert any(".duckdb/lines" in name for name in before["email"])
    landed = {p: p.read_bytes() for p in lakehouse.landing.rglob("*/landing/*/*.json*")}

    receipt = erase(lakehouse, lives[0].email(WHO))

    is_erased(lakehouse, lives)
    assert {p for p in landed if not p.exists()} == set()
    changed = [path for path, content in landed.items() if path.read_bytes() != content]
    assert {path.relative_to(lakehouse.landing).parts[0] for path in changed} == {*SOURCES}
    left = without(lives[0], WHO).delivered
    assert receipt["lines"] == {
        source: len(delivered) - len(left[source])
        for source, delivered in lives[0].delivered.items()
    }
    # the device that an older record claimed was another's too, and its readings stay
    assert receipt["devices_shared_and_kept"] == 1
    assert receipt["searched_bytes"] > lakehouse.database.stat().st_size
    assert not any(text in str(receipt) for text in known_of(lives[0], WHO).values())
    night = lakehouse.dbt(*Build().arguments)
    assert night.success, night.errors
    assert wrong(lakehouse, [without(lives[0], WHO), lives[1]]) == []


STEPS = (
    "has begun", "wait for a full refresh", "not come back", "accelerometer.*2024-01-02",
    "customer-.*1", "copies of landed", "Rebuilding", "Compacting", "Searching", "receipt",
    "has ended",
)  # fmt: skip
EVERY_RUN = {"customer-.*1", "Rebuilding"}  # the other steps take a deep run


@pytest.mark.parametrize(
    "step", [s if s in EVERY_RUN else pytest.param(s, marks=pytest.mark.deep) for s in STEPS]
)
def test_an_erasure_that_was_killed_resumes_when_it_is_run_again(step: str, built) -> None:
    lakehouse, lives = built
    with pytest.raises(Killed):
        erase(lakehouse, lives[0].email(WHO), kill_at=step)
    erase(lakehouse, lives[0].email(WHO))
    is_erased(lakehouse, lives)


def test_a_nightly_build_is_refused_after_an_interrupted_erasure(built) -> None:
    lakehouse, lives = built
    with pytest.raises(Killed):
        erase(lakehouse, lives[0].email(WHO), kill_at="Rebuilding")
    refused = lakehouse.dbt(*Build().arguments)
    assert not refused.success
    assert "`stedi erase` again" in refused.errors
    assert lakehouse.dbt(*ALL).success
    assert wrong(lakehouse, [without(lives[0], WHO), lives[1]]) == []


def test_an_erased_person_who_comes_back_is_withheld_until_reinstated(built) -> None:
    lakehouse, lives = built
    email = lives[0].email(WHO)
    erase(lakehouse, email)
    lives = {0: without(lives[0], WHO), 1: lives[1]}
    land(lakehouse, lives, 2, Deliver(tuple((0, deed) for deed in BACK)))
    assert lakehouse.dbt(*Build().arguments).success
    assert wrong(lakehouse, lives.values(), {email}) == []
    funnel = "select distinct source from stedi_audit.consent_funnel where reason = 'erased'"
    assert {source for (source,) in lakehouse.query(funnel)} == {"accelerometer", "step_trainer"}

    erasure_in(lakehouse).reinstate([email])
    assert wrong(lakehouse, lives.values()) == []
    assert len(wrong(lakehouse, lives.values(), {email})) > 0


def test_an_erasure_fails_if_something_of_the_person_is_left(built) -> None:
    lakehouse, lives = built
    email, phone = lives[0].email(WHO), lives[0].current(WHO).phone
    hidden = lakehouse.landing / "customer" / "landing" / f"ingest_date={FIRST_DAY}" / ".left"
    hidden.write_text('{"email": "\\u0050' + email[1:] + '"}')
    with duckdb.connect(lakehouse.database) as connection:
        connection.execute("create table noted as select ? as remark", [f"ring {phone}!"])
    with pytest.raises(StediError) as error:
        erase(lakehouse, email)
    told = str(error.value)
    assert f"{hidden}: email" in told and "main.noted: phone" in told
    assert email not in told and phone not in told
    hidden.unlink()
    with duckdb.connect(lakehouse.database) as connection:
        connection.execute("drop table noted")
    erase(lakehouse, email)
    is_erased(lakehouse, lives)
