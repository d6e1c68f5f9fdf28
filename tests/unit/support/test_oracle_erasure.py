"""The oracle against small examples of which the outcome was worked out by hand: erasure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from support.lakehouse import customer_id
from support.oracle import Claim, Line, Row, claims, remaining, tables
from support.short_lives import (
    ANN,
    BEN,
    CAT,
    FIRST,
    at,
    columns,
    distance,
    line,
    motion,
    ms,
    outcome,
    owner,
    reason,
    says,
)

ANN_THEN_BEN = [
    says(ANN, "03-01", "02-01", "D"),
    says(ANN, "04-01", "02-01"),
    says(BEN, "05-01", "02-01", "D"),
]


def test_erasing_ann_never_turns_her_readings_into_bens() -> None:
    of_ann = {claim for claim in claims(ANN_THEN_BEN) if claim.email == ANN}
    left = remaining(ANN_THEN_BEN, [ANN])

    assert left == ANN_THEN_BEN[2:]
    assert owner(left, "03-15") == BEN  # what would happen without tombstones
    for time, whose in {
        "02-15": "unknown_device", "03-15": "unknown_device", "04-15": "unknown_device",
        "05-15": BEN,
    }.items():  # fmt: skip
        assert owner(left, time, erased=[ANN], tombstones=of_ann) == whose
    found = tables(left, erased=[ANN], tombstones=of_ann)
    assert columns(
        found["stedi_staging.device_owners"], "owned_from owned_until claimants email"
    ) == sorted([(FIRST, at("04-01"), 1, None), (at("05-01"), None, 1, BEN)], key=repr)


def test_an_earlier_claim_takes_from_a_tombstone_how_far_it_reaches_back() -> None:
    tombstone = Claim(ANN, "D", ms("03-01") or 0, ms("04-01"))
    lines = [says(BEN, "01-01", "01-01", "D")]

    assert owner(lines, "01-02", tombstones=[tombstone]) == BEN
    assert owner(lines, "03-02", tombstones=[tombstone]) == "ambiguous_device"
    assert owner(lines, "04-01", tombstones=[tombstone]) == BEN


def test_a_device_that_only_erased_people_claimed_has_no_owners() -> None:
    tombstone = Claim(ANN, "D", ms("03-01") or 0, None)
    lines = [says(BEN, "01-01", "01-01", "E")]
    assert owner(lines, "03-02", tombstones=[tombstone]) == "unknown_device"
    found = tables(lines, tombstones=[tombstone])["stedi_staging.device_owners"]
    assert columns(found, "serial_number") == [("E",)]
    back = says(ANN, "05-01", "02-01", "F")  # even if she has come back since
    assert owner([*lines, back], "06-01", tombstones=[tombstone]) == "unknown_device"


def test_an_erased_person_who_is_delivered_again_stays_out() -> None:
    of_ann = {claim for claim in claims(ANN_THEN_BEN) if claim.email == ANN}
    options: dict[str, Any] = {"erased": [ANN], "tombstones": of_ann}

    assert outcome(ANN_THEN_BEN, distance("D", "03-15"), **options) == (ANN, "erased")
    assert reason(ANN_THEN_BEN, "03-15", **options) == "erased"
    found = tables(ANN_THEN_BEN, **options)
    assert columns(found["stedi_trusted.customer_trusted"], "email") == [(BEN,)]
    assert columns(found["stedi_staging.stg_customers"], "email is_erased") == [
        (ANN, True), (BEN, False)
    ]  # fmt: skip


def test_a_person_who_comes_back_is_one_with_their_tombstones_which_name_nobody() -> None:
    tombstone = Claim(ANN, "D", ms("03-01") or 0, ms("04-01"))
    lines = [says(ANN, "03-15", "03-01", "D"), says(BEN, "05-01", "03-01", "D")]

    assert owner(lines, "03-20", tombstones=[tombstone]) == ANN
    assert owner(lines, "02-20", tombstones=[tombstone]) == "unknown_device"
    assert owner(lines, "05-01", tombstones=[tombstone]) == "ambiguous_device"


def test_an_erasure_removes_lines_of_the_people_and_of_their_devices() -> None:
    removed = [
        says(" ANN@example.com", "03-01", "02-01", "D"),
        says(ANN, "05-01", "02-01", "OWN"),
        says(ANN, 0, consent=0),
        line("customer", "06-30", f'{{"email": "{ANN}'),
        line("customer", "06-30", '{"email": 7, "customerName": "ann\\u0040example.com"}'),
        motion(ANN, "03-01"),
        line("accelerometer", "06-30", f"user={ANN.upper()}"),
        distance("OWN", "01-01"), distance("OWN", 0), distance("D", "04-30"),
        distance("D", "01-01"),
        line("step_trainer", "06-30", "{OWN, 7}"),
        line("step_trainer", "06-30", f'{{"user": "{ANN}"}}'),
    ]  # fmt: skip
    kept = [
        says("joann@example.com", 0),
        line("customer", "06-30", '{"email":"joann@example.com"'),
        line("customer", "06-30", f'{{"email":"{ANN}.au"'),
        says(BEN, "06-01", "02-01", "D", customerName=ANN),
        motion(BEN, "03-01"),
        distance("D", "06-02"), distance("D", "05-15"), distance("D", 0), distance("E", "03-01"),
        line("step_trainer", "06-30", "{D, 7}"),
        line("step_trainer", "06-30", "{OWNER}"),
    ]  # fmt: skip

    assert remaining([*removed, *kept], [ANN]) == kept


def test_a_tombstone_of_another_person_keeps_what_may_be_theirs() -> None:
    lines = [says(ANN, "03-01", "02-01", "D"), distance("D", "04-15"), distance("D", "05-15")]
    tombstone = Claim(BEN, "D", ms("05-01") or 0, None)

    assert remaining(lines, [ANN], [tombstone]) == lines[2:]
    assert remaining(lines, [ANN, BEN], [tombstone]) == []


RECORDS = st.builds(
    says,
    st.sampled_from([ANN, BEN, CAT]),
    st.sampled_from([f"03-0{day}" for day in range(1, 7)]),
    st.sampled_from([None, 0, "01-01", "03-03"]),
    st.sampled_from([None, "D", "E"]),
)
READINGS = [motion(who, f"03-0{day} 12:00") for who in (ANN, BEN, CAT) for day in range(1, 8)]
READINGS += [distance(device, f"03-0{day} 12:00") for device in "DE" for day in range(1, 8)]


@settings(deadline=None)
@given(st.lists(RECORDS, min_size=1, max_size=6), st.lists(RECORDS, max_size=2), st.booleans())
def test_an_erasure_changes_nothing_for_others(
    landed: list[Line], landed_later: list[Line], is_back: bool
) -> None:
    """Whatever lands later; also if that brings the erased person's lines back."""
    before = [*landed, *READINGS]
    later = [*landed_later, *READINGS, *(landed if is_back else [])]
    of_ann = {claim for claim in claims(before) if claim.email == ANN}

    never = trusted([*before, *landed_later], {BEN, CAT}, erased=[])
    since = trusted(
        [*remaining(before, [ANN]), *later], {BEN, CAT}, erased=[ANN], tombstones=of_ann
    )

    if any(ANN in each.text for each in landed_later):
        assert since <= never  # her tombstones stay, even where the new lines end her claims
    else:
        assert since == never


def trusted(lines: list[Line], emails: Collection[str], **options: Any) -> Counter[tuple[str, Row]]:
    """What is trusted of people, by table."""
    ids = {customer_id(email) for email in emails}
    return Counter(
        (name, each)
        for name, found in tables(lines, **options).items()
        if name.startswith("stedi_trusted")
        for each in found
        if dict(each)["customer_id"] in ids
    )
