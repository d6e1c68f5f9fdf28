"""The deliveries of a year are the same each time, each day is of one size, and as it is said."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from deliveries import AS_REAL, zone
from history import Shape, consent, consents, date_of, deliver, expected
from nights import Deliveries
from stedi.synthetic.records import SOURCES

SMALL = Shape(people=20, readings_per_day=20 * 23)
DAYS = 3


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three small days."""
    folder = tmp_path_factory.mktemp("history")
    for day in range(DAYS):
        deliver(folder, day, SMALL)
    return folder


def records(root: Path, source: str, day: str = "*") -> Iterator[dict]:
    """What has landed, of one date or of all."""
    for path in sorted(root.glob(f"{source}/landing/ingest_date={day}/*.json")):
        yield from map(json.loads, path.read_text().splitlines())


def files(root: Path) -> dict[str, bytes]:
    return {str(p.relative_to(root)): p.read_bytes() for p in root.rglob("*.json")}


def test_a_day_is_the_same_whenever_it_is_written(root: Path, tmp_path: Path) -> None:
    for day in reversed(range(DAYS)):
        deliver(tmp_path, day, SMALL)
    assert files(tmp_path) == files(root)


def test_days_are_of_one_size(root: Path, tmp_path: Path) -> None:
    sizes = [deliver(tmp_path, day, SMALL) for day in range(DAYS)]
    assert sum(sizes) == sum(map(len, files(root).values()))
    readings = Counter(len([*records(root, "accelerometer", date_of(d))]) for d in range(DAYS))
    assert readings == {SMALL.people * SMALL.motions: DAYS}
    assert max(sizes[1:]) < 1.01 * min(sizes[1:])  # doubles are of three or four letters


def test_the_default_day_is_of_some_five_megabytes(tmp_path: Path) -> None:
    assert 4.5e6 < deliver(tmp_path, 1, Shape()) < 5.5e6


@pytest.mark.parametrize("readings", [11_000, 54_000, 115_000])
def test_readings_are_in_the_real_datas_ratio(readings: int) -> None:
    shape = Shape(1000, readings)
    assert shape.readings == readings
    assert shape.motions / shape.distances == pytest.approx(81_273 / 28_680, rel=0.1)


def test_every_person_is_measured_on_the_day_and_no_line_is_there_twice(root: Path) -> None:
    for source, who, when in (
        ("accelerometer", "user", "timestamp"),
        ("step_trainer", "serialNumber", "sensorReadingTime"),
    ):
        for day in range(DAYS):
            found = [*records(root, source, date_of(day))]
            assert len({one[who] for one in found}) == SMALL.people
            midnight = 1_704_067_200_000 + day * 86_400_000
            assert all(midnight <= one[when] < midnight + 86_400_000 for one in found)
        every = [*lines(root, source)]
        assert len(set(every)) == len(every)


def test_lines_are_as_the_generator_writes_them(root: Path, tmp_path: Path) -> None:
    """But for who and when, every line is one that it writes too."""
    theirs = zone(tmp_path, 1, replace(AS_REAL, people=20, days=1, readings_per_person=300)).root
    for source in SOURCES[1:]:
        known, found = ({_anybody(line) for line in lines(r, source)} for r in (theirs, root))
        assert found <= known


def lines(root: Path, source: str) -> Iterator[str]:
    for path in root.glob(f"{source}/landing/*/*.json"):
        yield from path.read_text().splitlines()


def _anybody(line: str) -> str:
    """A line without the digits that tell the person and the time."""
    return re.sub(r"\d{13}|person\d{6}|-\d{12}", "", line)


def test_what_must_come_of_it_is_what_a_count_of_the_files_says(root: Path) -> None:
    """By the definitions, over what was written and nothing that the generator knows."""
    people = {one["email"]: one for one in records(root, "customer")}
    since = {e: one.get("shareWithResearchAsOfDate", float("inf")) for e, one in people.items()}
    owner = {one["serialNumber"]: email for email, one in people.items()}
    motions = [(m["user"], m["timestamp"]) for m in records(root, "accelerometer")]
    distances = [
        (owner[d["serialNumber"]], d["sensorReadingTime"]) for d in records(root, "step_trainer")
    ]
    released = [[one for one in some if one[1] >= since[one[0]]] for some in (motions, distances)]
    both = {email for email, _ in released[0]} & {email for email, _ in released[1]}
    assert expected(SMALL, DAYS) == {
        "stg_customers": len(people),
        "stg_accelerometer": len(motions),
        "stg_step_trainer": len(distances),
        "customer_trusted": sum(date < float("inf") for date in since.values()),
        "accelerometer_trusted": len(released[0]),
        "step_trainer_trusted": len(released[1]),
        "customers_curated": len(both),
        "machine_learning_curated": sum(one in set(released[1]) for one in released[0]),
    }


def test_consent_is_from_before_the_first_day_on(root: Path) -> None:
    first = [*records(root, "customer", date_of(0))]
    assert len(first) == SMALL.people
    field = "shareWithResearchAsOfDate"
    dates = [one[field] for one in first if field in one]
    assert len(dates) == SMALL.people / 2
    assert max(dates) < 1_704_067_200_000


def test_later_days_bring_newcomers_alone(root: Path) -> None:
    emails = [one["email"] for one in records(root, "customer")]
    assert len(set(emails)) == len(emails) == SMALL.people + (DAYS - 1) * SMALL.newcomers


def test_a_change_of_consent_is_a_later_record_of_the_same_person(tmp_path: Path) -> None:
    deliver(tmp_path, 0, SMALL)
    before = {one["email"]: one for one in records(tmp_path, "customer")}
    consent(tmp_path, 0, [1, 3], gives=False)
    consent(tmp_path, 0, [2], gives=True)
    changed = [one for one in records(tmp_path, "customer") if one != before[one["email"]]]
    assert len(changed) == 3
    for one in changed:
        number = int(one["email"][6:12])
        was = before[one["email"]]
        assert one["lastUpdateDate"] > was["lastUpdateDate"]
        assert ("shareWithResearchAsOfDate" in was) == consents(number)
        assert ("shareWithResearchAsOfDate" in one) != consents(number)
        assert one["serialNumber"] == was["serialNumber"]


@pytest.mark.parametrize(("people", "readings"), [(0, 10), (10, 9), (1, 100_000)])
def test_a_day_that_cannot_be_is_refused(people: int, readings: int) -> None:
    with pytest.raises(ValueError, match="reading"):
        Shape(people, readings)


def test_a_landing_root_has_the_days_that_were_landed_and_no_copy(tmp_path: Path) -> None:
    deliveries = Deliveries(tmp_path / "days", SMALL)
    landing = deliveries.land(tmp_path / "landing", [0])
    deliveries.land(landing, [2])
    assert {p.name for p in landing.glob("accelerometer/landing/*")} == {
        f"ingest_date={date_of(day)}" for day in (0, 2)
    }
    landed = sum(map(len, files(landing).values()))
    assert deliveries.bytes([0, 2]) == sum(deliveries.by_source([0, 2]).values()) == landed
    deliveries.remove()
    assert sum(map(len, files(landing).values())) == landed
