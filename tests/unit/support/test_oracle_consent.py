"""The oracle against small examples of which the outcome was worked out by hand: consent."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from support.oracle import tables
from support.short_lives import (
    ANN,
    BEN,
    at,
    columns,
    line,
    moments,
    motion,
    outcome,
    owner,
    reason,
    says,
)


def test_consent_covers_readings_from_its_date_on() -> None:
    lines = [says(ANN, "03-01", consent="02-01")]

    assert reason(lines, "01-31 23:59:59.999") == "before_consent"
    assert reason(lines, "02-01") == "released"
    assert reason(lines, "01-31", scope="any_time") == "released"
    assert outcome(lines, motion(BEN, "02-01")) == (None, "unknown_person")
    assert reason(lines, "02-01", erased=[ANN]) == "erased"


def test_a_withdrawal_ends_consent_for_all_readings() -> None:
    lines = [says(ANN, "03-01", consent="02-01"), says(ANN, "04-01")]

    assert reason(lines, "02-15") == "no_consent"
    assert reason(lines, "02-15", scope="any_time") == "no_consent"


def test_consent_again_begins_where_it_is_given_even_with_the_old_date() -> None:
    lines = [
        says(ANN, "03-01", consent="02-01"),
        says(ANN, "04-01"),
        says(ANN, "05-01", consent="02-01"),
        says(ANN, "06-01", consent="02-01"),  # says it once more: it still began in May
    ]

    assert reason(lines, "03-15") == "before_consent"
    assert reason(lines, "04-01") == "withdrawn_then"
    assert reason(lines, "04-30 23:59:59.999") == "withdrawn_then"
    assert reason(lines, "05-01") == "released"
    assert reason(lines, "04-15", scope="any_time") == "released"
    found = tables(lines)
    assert columns(found["stedi_staging.stg_customers"], "covered_from") == [(at("05-01"),)]
    assert columns(found["stedi_staging.refusals"], "email refused_from refused_until") == [
        (ANN, at("04-01"), at("05-01"))
    ]
    assert columns(
        found["stedi_audit.consent_history"], "valid_from valid_to research_consent_at"
    ) == [
        (at("03-01"), at("04-01"), at("02-01")),
        (at("04-01"), at("05-01"), None),
        (at("05-01"), None, at("02-01")),
    ]


def test_consent_again_with_a_date_ahead_of_its_record_begins_with_that_date() -> None:
    lines = [says(ANN, "04-01"), says(ANN, "05-01", consent="06-01")]

    assert reason(lines, "05-15") == "before_consent"
    assert reason(lines, "06-01") == "released"


UNREADABLE = {
    "a time as text": says(ANN, 0, landed="04-01").text.replace(": 0", ': "2024-04-01"'),
    "no time": json.dumps({"email": ANN, "shareWithResearchAsOfDate": None}),
    "a time in seconds": says(ANN, 1_711_929_600).text,
    "a time of 0": says(ANN, 0).text,
    "a serial number that is none": says(ANN, "04-01 23:59:59.999", device=" ").text,
    "a consent in seconds": says(ANN, "04-01 23:59:59.999", consent=1_711_929_600).text,
    "a consent in microseconds": says(ANN, "04-02", consent=1_711_929_600_000_000).text,
    "a consent of 0": says(ANN, "04-03", consent=0).text,
    "a consent after the day of landing": says(ANN, "04-03", consent="04-02").text,
    "a consent that is false": says(ANN, "04-01 23:59:59.999", consent=False).text,
    "no JSON": '{"email" :\t" Ann@Example.com ", "shareWith',
    "no JSON with two emails": f'[{{"email":"{BEN}"}},{{"email": "{ANN}"}}]',
}


@pytest.mark.parametrize("text", UNREADABLE.values(), ids=UNREADABLE.keys())
def test_an_unreadable_line_is_a_refusal_until_the_next_readable_one(text: str) -> None:
    unreadable = line("customer", "04-01", text)
    before, after = says(ANN, "03-01", consent="02-01"), says(ANN, "05-01", consent="02-01")
    end = "04-01 23:59:59.999"

    assert reason([before, unreadable], "02-15") == "consent_unclear"
    assert reason([before, unreadable, after], end) == "withdrawn_then"
    assert reason([before, unreadable, after], "04-01 23:59:59.998") == "before_consent"
    assert reason([before, unreadable, after], "05-01") == "released"
    assert moments([before, unreadable])[-1] == (at(end), None, True)


def test_every_email_in_a_line_that_is_no_json_is_a_person() -> None:
    both = line("customer", "04-01", f'{{"email":"{ANN}"}} {{"email":"{BEN}"}} {{"email":"x"}}')
    lines = [says(who, "03-01", consent="02-01") for who in (ANN, BEN)]

    for who in (ANN, BEN):
        assert outcome([*lines, both], motion(who, "02-15")) == (who, "consent_unclear")


def test_an_unreadable_line_counts_from_its_own_time_where_that_can_be_read() -> None:
    unreadable = says(ANN, "03-15", consent=0, landed="04-01")
    later = says(ANN, "03-20", consent="02-01")

    assert moments([unreadable]) == [(at("03-15"), None, True)]
    assert reason([unreadable, later], "03-21") == "released"


def test_an_unreadable_line_counts_as_often_as_it_lands() -> None:
    texts = [line("customer", day, f'{{"email":"{ANN}"}}') for day in ("04-01", "04-03", "04-03")]
    lines = [*texts, says(ANN, "04-02 12:00", consent="02-01")]

    records = tables(lines)["stedi_staging.stg_customer_records"]

    assert columns(records, "effective_at is_readable superseded_at claimed_until ingest_date") == [
        (at("04-01 23:59:59.999"), False, at("04-02 12:00"), at("04-01 23:59:59.999"),
         date(2024, 4, 1)),
        (at("04-02 12:00"), True, at("04-03 23:59:59.999"), None, date(2024, 6, 30)),
        (at("04-03 23:59:59.999"), False, None, at("04-03 23:59:59.999"), date(2024, 4, 3)),
    ]  # fmt: skip


@pytest.mark.parametrize("updated", ["04-04", 4_000_000_000_000, 9e300])
def test_a_clock_ahead_outranks_nothing_that_lands_on_a_later_day(updated: Any) -> None:
    ahead = says(ANN, updated, consent="02-01", landed="04-01")
    withdrawal = says(ANN, "04-02 00:00", landed="04-02")

    assert reason([ahead], "02-15") == "released"
    assert reason([ahead, withdrawal], "02-15") == "no_consent"
    assert moments([ahead, withdrawal]) == [
        (at("04-01 23:59:59.999"), at("02-01"), False), (at("04-02"), None, False)
    ]  # fmt: skip


def test_a_record_delivered_twice_counts_from_its_first_landing() -> None:
    ahead = says(ANN, "05-01", consent="02-01", landed="04-01")
    again = ahead._replace(ingest_date="2024-05-02")
    lines = [again, says(ANN, "04-15"), ahead]

    assert reason(lines, "02-15") == "no_consent"
    assert columns(
        tables(lines)["stedi_audit.landing_reconciliation"],
        "ingest_date landed accepted duplicate rejected",
    ) == [
        (date(2024, 4, 1), 1, 1, 0, 0),
        (date(2024, 5, 2), 1, 0, 1, 0),
        (date(2024, 6, 30), 1, 1, 0, 0),
    ]


def test_at_one_moment_a_refusal_counts_then_what_is_unclear_then_the_later_consent() -> None:
    early = says(ANN, "03-01", consent="02-01", device="D")
    late = says(ANN, "03-01", consent="02-02", device="E")
    unclear = says(ANN, "03-01", consent=0)
    refusal = says(ANN, "03-01")

    assert moments([early, late]) == [(at("03-01"), at("02-02"), False)]
    assert moments([early, unclear, late]) == [(at("03-01"), None, True)]
    assert moments([unclear, refusal, late]) == [(at("03-01"), None, False)]
    assert owner([early, late], "03-02", "E") == ANN
    assert owner([early, late], "03-02", "D") == "unknown_device"
    # what is unclear claims nothing, and takes nothing away
    assert columns(
        tables([early, unclear, late])["stedi_staging.stg_customer_records"],
        "serial_number is_unclear superseded_at claimed_until",
    ) == [
        ("D", True, at("03-01"), at("03-01")),
        ("E", True, None, None),
        (None, True, at("03-01"), at("03-01")),
    ]


def test_of_records_of_one_moment_and_consent_one_always_counts() -> None:
    lines = [
        says(ANN, "03-01", "02-01", "D", customerName="B"),
        says(ANN, "03-01", "02-01", customerName="C", phone="2"),
        says(ANN, "03-01", "02-01", customerName="C", phone=1),
        says(ANN, "03-01", "02-01", customerName="c"),
    ]

    for order in (lines, lines[::-1]):
        found = tables(order)["stedi_trusted.customer_trusted"]
        assert columns(found, "customer_name phone serial_number") == [("C", "1", None)]


def test_history_merges_moments_that_say_the_same() -> None:
    lines = [
        says(ANN, "03-01", "02-01", landed="03-05"),
        says(ANN, "03-02", "02-01", landed="03-04"),
        says(ANN, "03-03", landed="03-03"),
        says(ANN, "03-03 12:00", landed="03-03"),
    ]

    found = tables(lines)["stedi_audit.consent_history"]

    assert columns(found, "valid_from valid_to landed_on") == [
        (at("03-01"), at("03-03"), date(2024, 3, 5)), (at("03-03"), None, date(2024, 3, 3))
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("birth_day", "is_minor"),
    [
        ("2006-02-01", False), ("2006-02-02", True), (None, True), ("2006-2-1", True),
        ("2006-01-32", True), (20060201, True),
    ],
)  # fmt: skip
def test_a_minor_at_consent_is_withheld(birth_day: Any, is_minor: bool) -> None:
    lines = [says(ANN, "03-01", "02-01", birthDay=birth_day)]

    assert reason(lines, "03-01") == "released"
    assert reason(lines, "03-01", minimum_age=18) == (
        "minor_at_consent" if is_minor else "released"
    )
    assert len(tables(lines, minimum_age=18)["stedi_trusted.customer_trusted"]) == (not is_minor)
