"""The oracle of every table: by hand on small cases, by a second reading on whole zones."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import HealthCheck, example, given, settings

import support.naive as naive
from stedi.synthetic.expectation import (
    SCOPES,
    Customer,
    Delivered,
    Expectation,
    Ledger,
    current_record,
)
from stedi.synthetic.generator import generate
from stedi.synthetic.personas import PERSONAS, Settings
from support.strategies import ANY_SETTINGS

DATES = ["2024-01-01", "2024-01-02", "2024-01-03"]


def customer(email: str, research: int | None = None, **more) -> Customer:
    nothing = Customer(email, None, None, None, None, None, 0, research, None, None)
    return nothing._replace(**more)


def judge(
    customers: list[Customer] | Delivered,
    motions: list | Delivered = (),
    distances: list | Delivered = (),
) -> Expectation:
    """What must come of records that were delivered on the first day, or on (day, records)."""
    ledger = Ledger(keep_rows=True)
    register = ledger.register(_delivered(customers))
    session = ledger.session(register, _delivered(motions), _delivered(distances))
    ledger.curate([session])
    return ledger.expectation(DATES)


def _delivered(records: list | Delivered) -> Delivered:
    given_by_day = all(isinstance(r[0], int) and isinstance(r[1], list) for r in records)
    return list(records) if given_by_day else [(0, list(records))]


def motion(email: str, time: int, x: float = 1.0) -> tuple:
    return (email, time, x, 0.0, 0.0)


# Consent.


@pytest.mark.parametrize(
    ("time", "research", "since_consent", "any_time"),
    [
        (99, 100, "before_consent", "released"),
        (100, 100, "released", "released"),
        (101, 100, "released", "released"),
        (0, 0, "released", "released"),
        (100, None, "no_consent", "no_consent"),
    ],
)
def test_consent_counts_from_its_moment_on(
    time: int, research: int | None, since_consent: str, any_time: str
) -> None:
    found = judge(
        [customer("a@x", research, serial_number="s")], [motion("a@x", time)], [("s", time, 5.0)]
    )
    for funnel, outcome in (
        (found.since_consent["funnel"], since_consent), (found.any_time["funnel"], any_time),
    ):  # fmt: skip
        assert funnel == {"accelerometer": {outcome: 1}, "step_trainer": {outcome: 1}}


def test_consent_to_others_is_none_to_research() -> None:
    found = judge([customer("a@x", public=1, friends=1)], [motion("a@x", 5)])
    assert found.any_time["funnel"]["accelerometer"] == {"no_consent": 1}
    assert found.any_time["tables"]["customer_trusted"] == 0


@pytest.mark.parametrize(
    ("records", "winner"),
    [
        ([customer("a", 5, last_update=1), customer("a", None, last_update=2)], 1),
        ([customer("a", 5, last_update=2), customer("a", None, last_update=1)], 0),
        ([customer("a", 5), customer("a", None)], 1),
        ([customer("a", None), customer("a", 0)], 0),
        ([customer("a", 5), customer("a", 7)], 1),
        ([customer("a", 7), customer("a", 5)], 0),
    ],
    ids=["withdrawn", "withdrawn before", "refusal in a tie", "refusal in a tie, first",
         "later consent in a tie", "later consent in a tie, first"],
)  # fmt: skip
def test_the_current_record(records: list[Customer], winner: int) -> None:
    assert current_record(records) is records[winner]
    assert current_record(records[::-1]) is records[winner]


# People and devices.


def test_readings_of_nobody() -> None:
    found = judge([customer("a@x", 0)], [motion("b@x", 1)], [("s", 1, 5.0)])
    assert found.any_time["funnel"] == {
        "accelerometer": {"unknown_person": 1},
        "step_trainer": {"unknown_device": 1},
    }


@pytest.mark.parametrize("other_consent", [0, None])
def test_a_device_of_two_people_is_ambiguous_whoever_consents(other_consent: int | None) -> None:
    people = [
        customer("a@x", 0, serial_number="s"), customer("b@x", other_consent, serial_number="s"),
    ]  # fmt: skip
    found = judge(people, [motion("a@x", 1)], [("s", 1, 5.0)])
    assert found.any_time["funnel"]["step_trainer"] == {"ambiguous_device": 1}
    assert found.any_time["tables"]["machine_learning_curated"] == 0


def test_only_current_records_claim_a_device() -> None:
    people = [
        customer("a@x", 0, serial_number="old", last_update=1),
        customer("a@x", 0, serial_number="new", last_update=2),
        customer("b@x", 0, serial_number="old"),
    ]
    found = judge(people, [], [("old", 1, 5.0), ("new", 1, 6.0)])
    rows = found.rows["since_consent"]["step_trainer_trusted"]
    assert sorted(rows) == [("a@x", 1, 6.0), ("b@x", 1, 5.0)]


def test_time_alone_joins_nothing() -> None:
    people = [customer("a@x", 0, serial_number="s"), customer("b@x", 0, serial_number="t")]
    found = judge(people, [motion("a@x", 1)], [("t", 1, 5.0)])
    tables = found.since_consent["tables"]
    assert (tables["accelerometer_trusted"], tables["step_trainer_trusted"]) == (1, 1)
    assert (tables["customers_curated"], tables["machine_learning_curated"]) == (0, 0)


def test_two_distances_at_a_time_give_one_row_with_the_smaller() -> None:
    people = [customer("a@x", 0, serial_number="s")]
    found = judge(people, [motion("a@x", 1)], [("s", 1, 7.0), ("s", 1, 5.0), ("s", 2, 1.0)])
    rows = found.rows["since_consent"]
    assert rows["machine_learning_curated"] == [("a@x", 1, 1.0, 0.0, 0.0, 5.0)]
    assert len(rows["step_trainer_trusted"]) == 3
    assert rows["customers_curated"] == [("a@x",)]


# Lines.


def test_what_is_delivered_again_counts_on_the_day_it_first_came() -> None:
    one, two = motion("a@x", 1), motion("a@x", 2)
    found = judge([], [(2, [one]), (0, [one, one]), (1, [two, one])])
    assert found.landing["accelerometer"] == {
        "2024-01-01": {"landed": 2, "accepted": 1, "duplicate": 1, "rejected": 0},
        "2024-01-02": {"landed": 2, "accepted": 1, "duplicate": 1, "rejected": 0},
        "2024-01-03": {"landed": 1, "accepted": 0, "duplicate": 1, "rejected": 0},
    }
    assert found.staging["stg_accelerometer"] == 2


def test_rejected_lines_count_by_day_and_reason() -> None:
    ledger = Ledger()
    ledger.reject("customer", 1, "not_json")
    ledger.reject("customer", 1, "missing_email")
    ledger.reject("step_trainer", 0, "not_json")
    found = ledger.expectation(DATES)
    assert found.rejected == {
        "customer": {"not_json": 1, "missing_email": 1},
        "accelerometer": {},
        "step_trainer": {"not_json": 1},
    }
    assert found.landing["customer"] == {
        "2024-01-02": {"landed": 2, "accepted": 0, "duplicate": 0, "rejected": 2}
    }
    assert found.staging["rejected_lines"] == 3


def test_a_person_has_one_staged_row() -> None:
    found = judge([customer("a@x", 1), customer("a@x", 2), customer("b@x")])
    assert found.staging["stg_customers"] == 2
    assert found.landing["customer"]["2024-01-01"]["accepted"] == 3


# All of a generated zone, read a second time.

EVERYTHING = Settings(people=len(PERSONAS) + 10, days=4, readings_per_person=40, bad_share=0.4)


@settings(deadline=None, max_examples=15, suppress_health_check=list(HealthCheck))
@example(EVERYTHING)
@given(ANY_SETTINGS)
def test_a_second_reading_of_the_files_comes_to_the_same(
    tmp_path_factory: pytest.TempPathFactory, plan: Settings
) -> None:
    root = tmp_path_factory.mktemp("zone") / "landing"
    expected = generate(plan, root, rows=True)
    lines = naive.read_zone(root)
    check_lines(lines, expected)
    for scope in SCOPES:
        check_tables(naive.lakehouse(lines, scope), expected, scope)


def check_lines(lines: list[naive.Line], expected: Expectation) -> None:
    for source in naive.READERS:
        assert expected.landing[source] == naive.reconciliation(lines, source)
        reasons = Counter(x.reason for x in lines if x.source == source and x.reason)
        assert expected.rejected[source] == reasons
    people = Counter(naive.current_customers(lines).values())
    assert Counter(expected.rows["staging"]["stg_customers"]) == people
    assert expected.staging == {
        "stg_customers": people.total(),
        "stg_accelerometer": len(naive.records(lines, "accelerometer")),
        "stg_step_trainer": len(naive.records(lines, "step_trainer")),
        "rejected_lines": sum(1 for line in lines if line.reason),
    }


def check_tables(found: dict[str, Counter], expected: Expectation, scope: str) -> None:
    funnel = found.pop("funnel")
    counts = getattr(expected, scope)
    assert funnel == {
        (source, outcome): readings
        for source, outcomes in counts["funnel"].items()
        for outcome, readings in outcomes.items()
    }
    rows = expected.rows[scope]
    assert {table: Counter(rows.get(table, ())) for table in found} == found
    assert counts["tables"] == {table: len(rows.get(table, ())) for table in counts["tables"]}
