"""The oracle against small examples of which the outcome was worked out by hand: lines."""

from __future__ import annotations

import gzip
import unicodedata
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from support.oracle import landed_lines, row, tables, time_of
from support.short_lives import (
    ANN,
    columns,
    line,
    motion,
    ms,
    says,
)


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
