"""The oracle against small lives of which the outcome was worked out by hand."""

from __future__ import annotations

import gzip
import json
import unicodedata
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from support.lakehouse import customer_id
from support.oracle import Claim, Line, Rows, claims, landed_lines, remaining, row, tables, time_of

ANN, BEN, CAT = "ann@example.com", "ben@example.com", "cat@example.com"
FIRST = datetime(2010, 1, 1)  # how far a first claim reaches back
EMAIL_OF = {customer_id(email): email for email in (ANN, BEN, CAT)}


def at(text: str) -> datetime:
    """A time of 2024, as `03-01` or `03-01 12:00`."""
    return datetime.fromisoformat(f"2024-{text}")


def ms(time: str | int | None) -> int | None:
    """Milliseconds of a time of 2024, or the number itself."""
    if not isinstance(time, str):
        return time
    return round(at(time).replace(tzinfo=UTC).timestamp() * 1000)


def line(source: str, landed: str, text: str) -> Line:
    return Line(source, f"2024-{landed}", "a.json", text)


def says(
    email: str, updated: str | int, consent: str | int | None = None, device: str | None = None,
    landed: str = "06-30", **others: Any,
) -> Line:  # fmt: skip
    """A customer line."""
    fields = {
        "email": email,
        "lastUpdateDate": ms(updated),
        "shareWithResearchAsOfDate": ms(consent),
        "serialNumber": device,
    } | others
    return line("customer", landed, json.dumps(fields, ensure_ascii=False))


def motion(who: str, time: str | int, x: float = 0.5, landed: str = "06-30") -> Line:
    fields = {"user": who, "timestamp": ms(time), "x": x, "y": 0.0, "z": 1.0}
    return line("accelerometer", landed, json.dumps(fields))


def distance(device: str, time: str | int, far: float = 7.0, landed: str = "06-30") -> Line:
    fields = {"sensorReadingTime": ms(time), "serialNumber": device, "distanceFromObject": far}
    return line("step_trainer", landed, json.dumps(fields))


def outcome(lines: list[Line], reading: Line, **options: Any) -> tuple[str | None, str]:
    """Whose a reading is, if it is read beside customer lines, and what becomes of it."""
    found = tables([*lines, reading], **options)["stedi_staging.decisions_by_identifier"]
    (decided,) = map(dict, found)
    return EMAIL_OF.get(decided["customer_id"]), decided["reason"]


def reason(lines: list[Line], time: str, **options: Any) -> str:
    """What becomes of a motion of Ann's."""
    return outcome(lines, motion(ANN, time), **options)[1]


def owner(lines: list[Line], time: str, device: str = "D", **options: Any) -> str:
    """Whose a distance is, or why it is nobody's."""
    person, why = outcome(lines, distance(device, time), **options)
    return person or why


def columns(rows: Rows, names: str) -> list[tuple[Any, ...]]:
    """Some columns of all rows, in order."""
    found = [tuple(dict(each)[name] for name in names.split()) for each in rows.elements()]
    return sorted(found, key=repr)


def moments(lines: list[Line]) -> list[tuple[Any, ...]]:
    """The consent history: from when, consent, unclear."""
    return columns(
        tables(lines)["stedi_audit.consent_history"], "valid_from research_consent_at is_unclear"
    )


# Consent


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


# Emails, times and numbers


@pytest.mark.parametrize(
    "email",
    [
        " ANN@example.com\t", "\r\nann@Example.com", "ann@EXAMPLE.com", "\u212ann@example.com",
    ],
)  # fmt: skip
def test_case_and_blanks_do_not_matter_in_emails(email: str) -> None:
    expected = unicodedata.normalize("NFC", email.strip().lower())
    found = tables([says(email, "03-01")])["stedi_staging.stg_customers"]
    assert columns(found, "email") == [(expected,)]


def test_composed_and_decomposed_letters_are_one_email() -> None:
    composed, decomposed = "zo\u00eb@example.com", "ZOE\u0308@example.com"
    lines = [says(composed, "03-01", "02-01"), says(decomposed, "04-01")]

    found = tables([*lines, motion(decomposed, "03-01")])

    assert columns(found["stedi_staging.stg_customers"], "email") == [(composed,)]
    assert columns(found["stedi_audit.consent_funnel"], "reason") == [("no_consent",)]


@pytest.mark.parametrize(
    "email",
    [
        "ann\uff20example.com", "ann@example\uff20.com", "an\u200bn@example.com", "\ufeffa@b",
        "a@b\u00ad", "@b", "a@", "a@b@c", " ", "", 7, ["a@b"],
    ],
)  # fmt: skip
def test_what_only_looks_like_an_email_names_nobody(email: Any) -> None:
    found = tables([says(email, "03-01")])
    assert columns(found["stedi_staging.rejected_lines"], "reason") == [("invalid_email",)]
    assert not found["stedi_staging.stg_customers"]


@pytest.mark.parametrize(
    ("spelled", "why"),
    [
        ("1704067200000", None), ("1704067200000.0", None), ("1.7040672e12", None),
        ("1704067200000.5", "invalid_timestamp"), ('"1704067200000"', "invalid_timestamp"),
        ("true", "invalid_timestamp"), ("1e400", "invalid_timestamp"),
        ("1704067200", "invalid_timestamp"), ("1704067200000000", "invalid_timestamp"),
        ("0", "invalid_timestamp"), ("null", "missing_timestamp"),
        ("1262304000000", None), ("1262303999999", "invalid_timestamp"),
        ("1704153599999", None), ("1704153600000", "invalid_timestamp"),
    ],
)  # fmt: skip
def test_times_are_plausible_whole_numbers(spelled: str, why: str | None) -> None:
    text = f'{{"user":"{ANN}","timestamp":{spelled},"x":0,"y":0,"z":0}}'
    found = tables([line("accelerometer", "01-01", text)])
    rejected = columns(found["stedi_staging.rejected_lines"], "reason")
    assert rejected == ([(why,)] if why else [])
    assert len(found["stedi_staging.stg_accelerometer"]) == (why is None)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "not_json"), ("null", "not_json"), ("[{}]", "not_json"), ("{}", "missing_email"),
        ('{"email":"a@b","email":null}', "missing_lastUpdateDate"),
        ('{"email":"a@b","lastUpdateDate":"1"}', "invalid_lastUpdateDate"),
        ('{"email":"a@b","lastUpdateDate":NaN}', "not_json"),
        ('{"email":"a@b","x":"\\ud800"}', "not_json"),
        ('{"email":"a@b","lastUpdateDate":1704067200000,"serialNumber":7,'
         '"shareWithResearchAsOfDate":0}', "invalid_serialNumber"),
        ('{"email":"a@b","lastUpdateDate":1704067200000} , ', None),
    ],
)  # fmt: skip
def test_a_line_is_rejected_for_the_first_of_its_reasons(text: str, why: str | None) -> None:
    found = tables([line("customer", "01-01", text)])["stedi_staging.rejected_lines"]
    assert columns(found, "reason raw_line") == ([(why, text)] if why else [])


def test_what_is_not_needed_is_null_where_it_cannot_be_read() -> None:
    record = says(
        ANN, "03-01", landed="03-02", customerName=7, phone=8015551212.0, birthDay="1990-13-01",
        registrationDate=ms("03-03"), shareWithPublicAsOfDate=0, shareWithFriendsAsOfDate="x",
    )  # fmt: skip
    assert columns(
        tables([record])["stedi_staging.stg_customers"],
        "customer_name phone birth_day registered_at public_consent_at friends_consent_at",
    ) == [(None, "8015551212", None, None, None, None)]


# Devices


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
        "serial_number owned_from owned_until claimants customer_id",
    ) == [
        ("D", FIRST, at("04-01"), 1, customer_id(ANN)),
        ("D", at("05-01"), None, 1, customer_id(BEN)),
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
        "serial_number owned_from owned_until claimants customer_id",
    ) == [
        ("D", FIRST, at("04-01"), 1, customer_id(ANN)),
        ("D", at("04-01"), at("05-01"), 2, None),
        ("D", at("05-01"), None, 1, customer_id(BEN)),
        ("E", FIRST, None, 1, customer_id(ANN)),
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


# Erasure


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
        found["stedi_staging.device_owners"], "owned_from owned_until claimants customer_id"
    ) == sorted([(FIRST, at("04-01"), 1, None), (at("05-01"), None, 1, customer_id(BEN))], key=repr)


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


def test_a_person_who_comes_back_is_one_with_their_tombstones() -> None:
    tombstone = Claim(ANN, "D", ms("03-01") or 0, ms("04-01"))
    lines = [says(ANN, "03-15", "03-01", "D"), says(BEN, "05-01", "03-01", "D")]

    assert owner(lines, "03-20", tombstones=[tombstone]) == ANN
    assert owner(lines, "02-20", tombstones=[tombstone]) == ANN
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


# Files


def test_lines_are_read_from_all_landed_files(tmp_path: Path) -> None:
    for name, content in {
        "customer/landing/ingest_date=2024-01-02/b.json": b"\xef\xbb\xbfa\r\n\r\nb\rc",
        "customer/landing/ingest_date=2024-01-01/a.json.gz": gzip.compress(b"M\xfc\n"),
        "customer/landing/ingest_date=2024-01-01/.hidden.json": b"x\n",
        "step_trainer/landing/ingest_date=2024-01-01/empty.json": b"",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    found = [(each.ingest_date, each.file_name, each.text) for each in landed_lines(tmp_path)]

    assert found == [
        ("2024-01-01", "a.json.gz", "\ufffdM\u00fc"),
        *(("2024-01-02", "b.json", text) for text in ("a", "", "b", "c")),
    ]


def test_rows_show_doubles_exactly_and_no_negative_zero() -> None:
    assert row(["b", "a"], [0.1 + 0.2, -0.0]) == (("a", "0.0"), ("b", "0.30000000000000004"))
    assert time_of(1) == datetime(1970, 1, 1, 0, 0, 0, 1000) and time_of(None) is None
