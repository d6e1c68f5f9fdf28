"""A record claims its device from its effective time on, until the person's next record."""

from __future__ import annotations

from typing import Any

import pytest

from stedi.landing.claims import (
    Claim,
    Devices,
    Records,
    customer_of,
)
from stedi.landing.records import end_of_day

ANN, BEN, CY = "ann@example.com", "ben@example.com", "cy@example.com"
EARLY, LATE = "2024-01-01", "2024-12-31"
AT = 1_704_200_000_000


def fields(**other: Any) -> dict[str, Any]:
    return {"email": ANN, "lastUpdateDate": float(AT), "serialNumber": "D"} | other


def record(at: int, device: str | None, **other: Any) -> dict[str, Any]:
    return fields(lastUpdateDate=float(at), serialNumber=device, **other)


def claimed(*landed: dict[str, Any]) -> list[tuple[Any, ...]]:
    records = Records()
    for each in landed:
        records.add(each, LATE)
    return [claim[1:] for claim in records.claims()]


def test_a_claim_lasts_until_the_next_record() -> None:
    found = claimed(record(AT, "D"), record(AT + 1, "E"), record(AT + 3, None), record(AT + 5, "D"))
    assert found == [("D", AT, AT + 1), ("E", AT + 1, AT + 3), ("D", AT + 5, None)]


def test_records_in_a_row_on_one_device_are_one_claim() -> None:
    assert claimed(record(AT, "D"), record(AT + 1, "D"), record(AT + 2, "E")) == [
        ("D", AT, AT + 2),
        ("E", AT + 2, None),
    ]


def test_of_records_of_one_time_a_refusal_counts_then_the_latest_consent() -> None:
    consents = [
        record(AT, device, shareWithResearchAsOfDate=float(at))
        for device, at in (("E", AT - 1), ("F", AT))
    ]
    assert claimed(*consents) == [("F", AT, None)]
    assert claimed(*consents, record(AT, "G")) == [("G", AT, None)]
    assert claimed(record(AT, "G"), record(AT, "D")) == [("D", AT, None)]
    assert claimed(record(AT, "D"), record(AT, None)) == []


def test_a_record_counts_no_later_than_the_day_on_which_it_first_landed() -> None:
    ahead = record(AT * 2, "D")
    records = Records()
    for day in (LATE, EARLY, LATE):
        records.add(ahead, day)
    assert records.claims() == [Claim(ANN, "D", end_of_day(EARLY), None)]


def test_it_first_landed_when_it_could_not_be_read_yet() -> None:
    """Its consent lies in the future, until that day has come."""
    ahead = record(AT * 2, "D", shareWithResearchAsOfDate=float(end_of_day(LATE)))
    records = Records()
    records.add(ahead, EARLY)
    assert records.claims() == []
    records.add(ahead, LATE)
    assert records.claims() == [Claim(ANN, "D", end_of_day(EARLY), None)]


@pytest.mark.parametrize(
    "wrong",
    [
        {"email": "ann"}, {"email": None}, {"lastUpdateDate": None}, {"lastUpdateDate": 1.0},
        {"serialNumber": " "}, {"serialNumber": 7.0}, {"shareWithResearchAsOfDate": 1.0},
        {"shareWithResearchAsOfDate": float(end_of_day(LATE) + 1)},
    ],
)  # fmt: skip
def test_a_rejected_line_claims_nothing(wrong: dict[str, Any]) -> None:
    assert customer_of(fields(**wrong), LATE) is None


DEVICES = Devices(
    [
        Claim(ANN, "D", AT, AT + 10), Claim(BEN, "D", AT, AT + 5), Claim(CY, "D", AT + 8, None),
        Claim(ANN, "E", AT, AT + 5), Claim(ANN, "E", AT + 8, None),
    ]
)  # fmt: skip


@pytest.mark.parametrize(
    ("time", "people"),
    [
        (0, {ANN, BEN}), (AT, {ANN, BEN}), (AT + 4, {ANN, BEN}), (AT + 5, {ANN}), (AT + 7, {ANN}),
        (AT + 8, {ANN, CY}), (AT + 10, {CY}), (AT * 9, {CY}),
    ],
)  # fmt: skip
def test_who_claims_a_device_at_a_time(time: int, people: set[str]) -> None:
    assert DEVICES.claimants("D", time) == people
    assert DEVICES.was_theirs({ANN, BEN}, "D", time) is (CY not in people)


def test_a_device_is_theirs_alone_whatever_the_time() -> None:
    assert DEVICES.is_theirs_alone({ANN}, "E")
    assert DEVICES.is_theirs_alone({ANN, BEN, CY}, "D")
    assert not DEVICES.is_theirs_alone({ANN, BEN}, "D")
    assert not DEVICES.is_theirs_alone({ANN}, "F")
    assert not DEVICES.was_theirs({ANN}, "F", AT)
    assert not DEVICES.was_theirs({ANN}, "E", AT + 6)


def test_a_device_that_others_are_named_with_is_not_theirs_alone() -> None:
    devices = Devices([Claim(ANN, "D", AT, None)], shared=["D"])
    assert not devices.is_theirs_alone({ANN}, "D")
    assert devices.was_theirs({ANN}, "D", AT)
