"""Identifiers are found however a text writes them, as the build reads them."""

from __future__ import annotations

import json

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stedi.landing.records import email_of, lower, record_of
from stedi.search.identifiers import Identifiers, unescaped

LETTERS = [chr(code) for code in range(1, 0x110000) if not 0xD800 <= code < 0xE000]


def test_every_letter_is_lowered_as_in_the_build() -> None:
    ask = "select letter, lower(letter) from (select unnest(?::varchar[]) as letter)"
    theirs = dict(duckdb.connect().execute(ask, [LETTERS]).fetchall())
    assert [letter for letter in LETTERS if lower(letter) != theirs[letter]] == []
    assert lower("ΟΔΟΣ İ") == duckdb.execute("select lower('ΟΔΟΣ İ')").fetchone()[0]


@pytest.mark.parametrize(
    ("value", "email"),
    [
        (" Ann@Example.com\t", "ann@example.com"),
        ("ann@example.com\u00a0", None),  # no blank to the build either
        ("ann@", None),
        ("a@b@c", None),
        (7, None),
        (None, None),
    ],
)
def test_the_normal_form_is_that_of_staging(value: object, email: str | None) -> None:
    assert email_of(value) == email


@given(st.text())
def test_escapes_are_what_json_means_by_them(text: str) -> None:
    for written in (json.dumps(text), json.dumps(text, ensure_ascii=False)):
        whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        assert unescaped(written)[1:-1] == whole


def test_the_first_of_two_equal_keys_counts() -> None:
    assert record_of('{"email":"a","email":"b"} , ') == {"email": "a"}
    assert record_of("[1]") is record_of("nonsense") is None


@pytest.mark.parametrize(
    "text",
    [
        "ann@x.com", '"ANN@X.COM"', "<ann@x.com>", "mailto:ann@x.com", "ann@x.com.", "a;ann@x.com,",
        r"\u0041nn@x.com", r"\u0061\u006e\u006e\u0040x.com\r\n", "\u212a ann@x.com", "é ann@x.com",
    ],
)  # fmt: skip
def test_an_identifier_is_found_however_it_is_written(text: str) -> None:
    wanted = Identifiers.of(email=["ann@x.com"])
    for encoding in ("utf-8", "latin-1") if text.isascii() or "é" in text else ("utf-8",):
        assert wanted.hits_in(text.encode(encoding)) == {("email", "ann@x.com")}


@pytest.mark.parametrize("text", ["joann@x.com", "ann@x.com.au", "jo.ann@x.com", "ann@x.company"])
def test_another_identifier_that_contains_it_is_not_taken_for_it(text: str) -> None:
    assert Identifiers.of(email=["ann@x.com"]).found_in(text.encode()) == set()


def test_the_quick_look_knows_every_letter_whose_lower_case_is_ascii() -> None:
    hiding = [letter for letter in LETTERS if not letter.isascii() and lower(letter).isascii()]
    assert hiding
    for letter in hiding:
        wanted = Identifiers.of(email=[f"{lower(letter)}@x.com"])
        assert wanted.found_in(f"{letter}@x.com".encode()) == {f"{lower(letter)}@x.com"}


@pytest.mark.parametrize(
    ("written", "email"),
    [
        ("ZOE\u0308@x.com", "zoë@x.com"),
        ("I\u0307nn@x.com", "inn@x.com"),
        ("a\u037eb@x.com", "a;b@x.com"),
        ("a\u1fefb@x.com", "a`b@x.com"),
        ("\u1100\u1161\u11a8@x.com", "각@x.com"),
    ],
)
def test_an_email_is_found_however_its_letters_are_composed(written: str, email: str) -> None:
    assert email_of(written) == email
    for spelt in (written, json.dumps(written)):
        assert Identifiers.of(email=[email]).found_in(spelt.encode()) == {email}


def test_short_texts_are_not_searched_for() -> None:
    wanted = Identifiers.of(name=["Ann", "Ann Lee"], phone=["1"], customer_id=["ab"])
    assert wanted.texts == {"ann lee", "ab"}
