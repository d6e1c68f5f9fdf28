"""Law 5 to its end: who is erased is in no line, row or file, and comes back only if reinstated."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Collection, Iterable
from copy import deepcopy
from pathlib import Path
from typing import NamedTuple

import duckdb
import pytest

from stedi.errors import StediError
from stedi.synthetic.records import SOURCES
from support.deeds import Life
from support.duckdb_tables import differences
from support.erased_life import BACK, DATES, HISTORY, WHO, known_of
from support.erasing_on_duckdb import ALL, Killed, erase, erasure_in, held
from support.histories import FIRST_DAY, Build, Deliver
from support.lakehouse import Lakehouse
from support.oracle import Claim, Line, claims, landed_lines, remaining
from support.replay import files

EMAIL = Life(0).email(WHO)


def land(lakehouse: Lakehouse, lives: dict[int, Life], day: int, step: Deliver) -> None:
    """Lands a day's delivery."""
    for source, name, content in files(step, day, lives):
        lakehouse.land(source, name, content, DATES[day])


def wrong(lakehouse: Lakehouse, erased: Collection[str] = (), was: list[Line] = ()) -> list[str]:
    """Where the tables are not what Python expects of what lies in the landing zone.

    erased: emails of people who are withheld. was: what had landed before the erasure.
    """
    return differences(lakehouse, erased=erased, tombstones=claims_of(was))


def claims_of(was: list[Line]) -> list[Claim]:
    """What is remembered of the erased person's claims."""
    return [claim for claim in claims(was) if claim.email == EMAIL]


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[int, Life]]:
    """A lakehouse in which the history was built night by night, and its lives."""
    lakehouse = Lakehouse(tmp_path_factory.mktemp("prepared") / "lakehouse")
    lives: dict[int, Life] = {}
    for day, step in enumerate(HISTORY.steps):
        land(lakehouse, lives, day, step)
        assert lakehouse.dbt(*Build().arguments).success
    assert wrong(lakehouse) == []
    return lakehouse.folder, lives


class Before(NamedTuple):
    """A lakehouse that a test may change, its lives, and what has landed."""

    lakehouse: Lakehouse
    lives: dict[int, Life]
    lines: list[Line]


@pytest.fixture
def built(prepared: tuple[Path, dict[int, Life]], tmp_path: Path) -> Before:
    """A copy of it."""
    folder, lives = prepared
    shutil.copytree(folder, tmp_path / "lakehouse")
    lakehouse = Lakehouse(tmp_path / "lakehouse")
    return Before(lakehouse, deepcopy(lives), landed_lines(lakehouse.landing))


def is_erased(built: Before) -> None:
    """Fails where anything of the person is left, or anything of others is not."""
    lakehouse, lives, was = built
    assert held(lakehouse.folder, known_of(lives[0], WHO)) == {}
    assert said(landed_lines(lakehouse.landing)) == said(remaining(was, [EMAIL], ()))
    assert wrong(lakehouse, [EMAIL], was) == []
    assert [*(lakehouse.folder / "pending_erasures").glob("*")] == []


def said(lines: Iterable[Line]) -> Counter:
    return Counter(
        (line.source, line.ingest_date, line.text)
        for line in lines
        if line.text.strip(" \t,[]")  # what separated records that are gone may stay
    )


def test_an_erased_person_is_nowhere_and_everybody_else_is_unchanged(built: Before) -> None:
    lakehouse, lives, was = built
    known = known_of(lives[0], WHO)
    before = held(lakehouse.folder, known)
    assert before.keys() == known.keys()
    assert any(".duckdb/lines" in name for name in before["email"])
    landed = {p: p.read_bytes() for p in lakehouse.landing.rglob("*/landing/*/*.json*")}

    receipt = erase(lakehouse, EMAIL)

    is_erased(built)
    assert {p for p in landed if not p.exists()} == set()
    changed = [path for path, content in landed.items() if path.read_bytes() != content]
    assert {path.relative_to(lakehouse.landing).parts[0] for path in changed} == {*SOURCES}
    removed = said(was) - said(remaining(was, [EMAIL], ()))
    assert receipt["lines"] == Counter(source for source, *_ in removed.elements())
    # the device that an older record claimed was another's too, and its readings stay
    assert receipt["devices_shared_and_kept"] == 1
    assert receipt["searched_bytes"] > lakehouse.database.stat().st_size
    assert not any(text in str(receipt) for text in known.values())
    night = lakehouse.dbt(*Build().arguments)
    assert night.success, night.errors
    assert wrong(lakehouse, [EMAIL], was) == []


STEPS = (
    "has begun", "wait for a full refresh", "not come back", "accelerometer.*2024-01-02",
    "customer-.*1", "copies of landed", "Rebuilding", "Compacting", "Searching", "receipt",
    "has ended",
)  # fmt: skip
EVERY_RUN = {"customer-.*1", "Rebuilding"}  # the other steps take a deep run


@pytest.mark.parametrize(
    "step", [s if s in EVERY_RUN else pytest.param(s, marks=pytest.mark.deep) for s in STEPS]
)
def test_an_erasure_that_was_killed_resumes_when_it_is_run_again(step: str, built: Before) -> None:
    with pytest.raises(Killed):
        erase(built.lakehouse, EMAIL, kill_at=step)
    erase(built.lakehouse, EMAIL)
    is_erased(built)


def test_a_nightly_build_is_refused_after_an_interrupted_erasure(built: Before) -> None:
    lakehouse, _, was = built
    with pytest.raises(Killed):
        erase(lakehouse, EMAIL, kill_at="Rebuilding")
    refused = lakehouse.dbt(*Build().arguments)
    assert not refused.success
    assert "`stedi erase` again" in refused.errors
    assert lakehouse.dbt(*ALL).success
    assert wrong(lakehouse, [EMAIL], was) == []


def test_an_erased_person_who_comes_back_is_withheld_until_reinstated(built: Before) -> None:
    lakehouse, lives, was = built
    erase(lakehouse, EMAIL)
    land(lakehouse, lives, 2, Deliver(tuple((0, deed) for deed in BACK)))
    assert lakehouse.dbt(*Build().arguments).success
    assert wrong(lakehouse, [EMAIL], was) == []
    funnel = "select distinct source from stedi_audit.consent_funnel where reason = 'erased'"
    assert {source for (source,) in lakehouse.query(funnel)} == {"accelerometer", "step_trainer"}

    erasure_in(lakehouse).reinstate([EMAIL], "a test")
    assert wrong(lakehouse, was=was) == []
    assert len(wrong(lakehouse, [EMAIL], was)) > 0


def test_an_erasure_fails_if_something_of_the_person_is_left(built: Before) -> None:
    lakehouse, lives, _ = built
    phone = lives[0].newest[WHO].phone
    hidden = lakehouse.landing / "customer" / "landing" / f"ingest_date={FIRST_DAY}" / "_left"
    hidden.write_text('{"email": "\\u0050' + EMAIL[1:] + '"}')
    with duckdb.connect(lakehouse.database) as connection:
        connection.execute("create table noted as select ? as remark", [f"to {EMAIL}!"])
    with pytest.raises(StediError) as error:
        erase(lakehouse, EMAIL)
    told = str(error.value)
    assert f"{hidden}: email" in told and "main.noted: email" in told
    assert EMAIL not in told and phone not in told
    hidden.unlink()
    with duckdb.connect(lakehouse.database) as connection:
        connection.execute("drop table noted")
    erase(lakehouse, EMAIL)
    is_erased(built)


def test_the_only_person_with_readings_can_be_erased(tmp_path: Path) -> None:
    """The full refresh then notes no releases, and those of the builds before it are over."""
    lakehouse = Lakehouse(tmp_path / "lakehouse")
    at = 1_704_067_200_000
    for name in ("ann", "ben"):
        fields = {"email": f"{name}@example.com", "serialNumber": f"device-{name}"}
        dates = {"lastUpdateDate": at, "shareWithResearchAsOfDate": at}
        lakehouse.land("customer", f"{name}.json", f"{json.dumps(fields | dates)}\n".encode())
    reading = {"user": "ann@example.com", "timestamp": 1_704_067_300_000, "x": 1, "y": 1, "z": 1}
    lakehouse.land("accelerometer", "a.json", f"{json.dumps(reading)}\n".encode())
    assert lakehouse.dbt(*Build().arguments).success
    ended = "select count(*), count(readable_until) from stedi_audit.readable_releases"
    assert lakehouse.query(ended) == [(1, 0)]

    erase(lakehouse, "ann@example.com")

    assert lakehouse.query(ended) == [(1, 1)]
    assert lakehouse.dbt("test", "--select", "assert_releases_are_what_is_trusted").success
