"""Fields of landed lines are read as staging reads them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stedi.landing.records import (
    email_of,
    end_of_day,
    phone_of,
    record_in,
    record_of,
    time_of,
    update_of,
)

DAY = "2024-01-31"
START_OF_2010, END_OF_DAY, END_OF_2099 = 1_262_304_000_000, 1_706_745_599_999, 4_102_444_799_999


@pytest.mark.parametrize(
    ("value", "email"),
    [
        ("ZOE\u0308@example.com", "zoë@example.com"),
        ("zoë@example.com", "zoë@example.com"),
        ("\u212aay@example.com", "kay@example.com"),
        ("I\u0307da@example.com", "ida@example.com"),
        ("ann\u037e@example.com", "ann;@example.com"),
        ("ann\uff20example.com", None),
        ("ann@example\uff20com", None),
    ],
)
def test_letters_of_emails_are_composed(value: str, email: str | None) -> None:
    assert email_of(value) == email


UNSEEN = [
    *("0001", "001F", "007F", "00A0", "1680", "2000", "2028", "202F", "205F", "3000"),
    *("00AD", "034F", "061C", "115F", "1160", "17B4", "17B5", "180B", "180F", "200B", "200F"),
    *("202A", "202E", "2060", "206F", "3164", "FE00", "FE0F", "FE6B", "FEFF", "FF20", "FFA0"),
    *("FFF0", "FFF8", "E0000", "E0FFF"),
]


@pytest.mark.parametrize("code", UNSEEN)
@pytest.mark.parametrize("place", ["{}ann@example.com", "ann@{}example.com", "ann@example.com{}"])
def test_an_email_with_a_character_that_nobody_sees_is_none(code: str, place: str) -> None:
    assert email_of(place.format(chr(int(code, 16)))) is None


@pytest.mark.parametrize("code", ["0020", "00A1", "00AC", "00AE", "2010", "2027", "FFFD", "E1000"])
def test_an_email_with_a_neighbour_of_those_is_one(code: str) -> None:
    assert email_of(f"ann{chr(int(code, 16))}x@example.com") is not None


@given(st.text())
def test_the_normal_form_of_a_normal_form_is_itself(text: str) -> None:
    email = email_of(f"{text.replace('@', '')}x@example.com")
    assert email is None or email_of(email) == email


@pytest.mark.parametrize("written", ["1704067200000", "1704067200000.0", "1.7040672e12"])
def test_a_whole_number_is_a_time_however_it_is_written(written: str) -> None:
    value = record_in(f'{{"at": {written}}}'.encode())["at"]
    assert time_of(value, DAY) == update_of(value) == 1_704_067_200_000


@pytest.mark.parametrize("written", ["1704067200000.5", '"1704067200000"', "true", "[]", "1e400"])
def test_nothing_else_is_a_time(written: str) -> None:
    value = record_in(f'{{"at": {written}}}'.encode())["at"]
    assert time_of(value, DAY) is update_of(value) is None


def test_times_are_plausible_from_2010_to_the_end_of_the_day_of_landing() -> None:
    assert end_of_day(DAY) == END_OF_DAY
    for time, is_plausible in {
        START_OF_2010 - 1: False, START_OF_2010: True, END_OF_DAY: True, END_OF_DAY + 1: False,
    }.items():  # fmt: skip
        assert time_of(float(time), DAY) == (time if is_plausible else None)


def test_an_update_may_lie_in_the_future() -> None:
    assert update_of(float(START_OF_2010 - 1)) is None
    assert update_of(float(END_OF_DAY + 1)) == END_OF_DAY + 1
    assert update_of(float(END_OF_2099 + 1)) == update_of(1e300) == END_OF_2099
    assert update_of(float(END_OF_DAY), earliest="2030-01-01") is None


@pytest.mark.parametrize(
    ("value", "phone"),
    [("+44 1", "+44 1"), (8015551212.0, "8015551212"), (1.5, None), (-1.0, None), (True, None)],
)
def test_a_phone_number_may_be_a_number(value: object, phone: str | None) -> None:
    assert phone_of(value) == phone


@pytest.mark.parametrize(
    "line",
    ['{"a": NaN}', '{"a": 1,}', '{"a": "\\ud800"}', "{} ,,", "{" + '"a": [' * 600, "[1]", ""],
)
def test_what_is_no_strict_json_is_no_record(line: str) -> None:
    assert record_of(line) is None


def test_a_line_is_read_without_its_end_and_bom() -> None:
    assert record_in("\ufeff{} , \r\n".encode()) == {}
    assert record_in('\ufeff{"a": "b"}\t, \r\n'.encode()) == {"a": "b"}
    assert record_in(b'{"a": "\xff"}') == {}
