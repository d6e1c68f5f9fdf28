"""The oracle against small examples of which the outcome was worked out by hand: devices."""

from __future__ import annotations

from datetime import date

from support.lakehouse import customer_id
from support.oracle import Claim, claims, tables
from support.short_lives import (
    ANN,
    BEN,
    CAT,
    FIRST,
    at,
    columns,
    distance,
    motion,
    ms,
    outcome,
    owner,
    says,
)


def test_a_device_belongs_to_whoever_claims_it_at_the_time() -> None:
    lines = [
        says(ANN, "03-01", "02-01", "D"),
        says(ANN, "04-01", "02-01"),  # gives it back
        says(BEN, "05-01", "02-01", "D"),
    ]

    assert owner(lines, "02-15") == ANN  # the first claim reaches back
    assert outcome(lines, distance("D", "01-15")) == (ANN, "before_consent")
    assert owner(lines, "03-31") == ANN
    assert owner(lines, "04-01") == "unknown_device"
    assert owner(lines, "04-30") == "unknown_device"
    assert owner(lines, "05-01") == BEN
    assert owner(lines, "05-01", "E") == "unknown_device"
    assert columns(
        tables(lines)["stedi_staging.device_owners"],
        "serial_number owned_from owned_until claimants email",
    ) == [
        ("D", FIRST, at("04-01"), 1, ANN),
        ("D", at("05-01"), None, 1, BEN),
    ]


def test_where_two_people_claim_a_device_it_is_nobodys() -> None:
    lines = [
        says(ANN, "03-01", "02-01", "D"),
        says(BEN, "04-01", "02-01", "D"),
        says(ANN, "05-01", "02-01", "E"),
    ]

    assert [owner(lines, day) for day in ("03-15", "04-01", "04-30", "05-01")] == [
        ANN, "ambiguous_device", "ambiguous_device", BEN
    ]  # fmt: skip
    assert columns(
        tables(lines)["stedi_staging.device_owners"],
        "serial_number owned_from owned_until claimants email",
    ) == [
        ("D", FIRST, at("04-01"), 1, ANN),
        ("D", at("04-01"), at("05-01"), 2, None),
        ("D", at("05-01"), None, 1, BEN),
        ("E", FIRST, None, 1, ANN),
    ]


def test_first_claims_of_one_time_all_reach_back() -> None:
    lines = [says(ANN, "03-01", "02-01", "D"), says(BEN, "03-01", "02-01", "D")]
    assert owner(lines, "02-15") == "ambiguous_device"


def test_a_device_can_go_back_and_forth_between_three_people() -> None:
    turns = [("01-10", ANN), ("02-10", BEN), ("03-10", CAT), ("04-10", ANN), ("05-10", BEN)]
    lines = []
    for (day, who), (following, _) in zip(turns, [*turns[1:], ("06-10", "")], strict=True):
        lines += [says(who, day, "01-01", "D"), says(who, following, "01-01")]

    assert [owner(lines, f"{day} 12:00") for day, _ in turns] == [who for _, who in turns]
    assert owner(lines, "01-09") == ANN
    assert owner(lines, "06-10") == "unknown_device"
    assert claims(lines) == {
        Claim(who, "D", ms(day) or 0, ms(until))
        for (day, who), until in zip(
            turns, ["02-10", "03-10", "04-10", "05-10", "06-10"], strict=True
        )
    }


def test_records_that_repeat_a_device_are_one_claim() -> None:
    lines = [
        says(ANN, "03-01", "02-01", "D"),
        says(ANN, "04-01", device="D"),
        says(ANN, "04-15", consent=0, device="E"),  # unreadable: claims nothing, ends nothing
        says(ANN, "05-01", "02-01", "E"),
    ]
    assert claims(lines) == {
        Claim(ANN, "D", ms("03-01") or 0, ms("05-01")), Claim(ANN, "E", ms("05-01") or 0, None)
    }  # fmt: skip


def test_motion_and_distance_meet_in_one_person_at_one_millisecond() -> None:
    lines = [
        says(ANN, "03-01", "02-01", "D"),
        says(BEN, "04-01", "02-01", "D"),
        says(ANN, "04-01", "02-01", registrationDate=ms("01-02 10:00")),
        motion(ANN, "03-10", x=0.1), motion(ANN, "03-10", x=0.2), motion(ANN, "03-11"),
        motion(ANN, "03-10", x=0.2, landed="07-01"), motion(ANN, "04-10"), motion(BEN, "03-10"),
        distance("D", "03-10", 9.5), distance("D", "03-10", 8.5), distance("D", "04-10", 1.5),
    ]  # fmt: skip

    found = tables(lines)

    assert columns(found["stedi_curated.machine_learning_curated"], "customer_id x distance") == [
        (customer_id(ANN), "0.1", "8.5"), (customer_id(ANN), "0.2", "8.5")
    ]  # fmt: skip
    assert columns(
        found["stedi_curated.customers_curated"],
        "customer_id registered_on covered_from_day motion_readings distance_readings",
    ) == sorted([
        (customer_id(ANN), date(2024, 1, 2), date(2024, 2, 1), 4, 2),
        (customer_id(BEN), None, date(2024, 2, 1), 1, 1),
    ])  # fmt: skip
    released = columns(found["stedi_audit.releases"], "source readings reason covered_from")
    assert released == sorted(
        [(source, number, "released", at("02-01"))
         for source, number in (("accelerometer", 4), ("accelerometer", 1), ("step_trainer", 2),
                                ("step_trainer", 1))], key=repr,
    )  # fmt: skip
