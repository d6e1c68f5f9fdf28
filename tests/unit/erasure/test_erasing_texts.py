"""Emails and lines say to an erasure what they say to the build."""

from __future__ import annotations

import json

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stedi.erasure.people import Survey, survey
from stedi.landing.records import email_of, lower, record_of
from stedi.search.identifiers import Identifiers, unescaped
from stedi.synthetic.bad_lines import kinds
from stedi.synthetic.lines import (
    OLDER_APP,
    OTHER_CASE,
    customer_fields,
    motion_fields,
    other_case_line,
    plain,
)
from stedi.synthetic.personas import START, newcomer

ANN, BEN = newcomer(1).latest, newcomer(11).latest
LETTERS = [chr(code) for code in range(1, 0x110000) if not 0xD800 <= code < 0xE000]


def test_every_letter_has_the_lower_case_that_the_build_gives_it() -> None:
    ask = "select letter, lower(letter) from (select unnest(?::varchar[]) as letter)"
    theirs = dict(duckdb.connect().execute(ask, [LETTERS]).fetchall())
    assert [letter for letter in LETTERS if lower(letter) != theirs[letter]] == []
    assert lower("ΟΔΟΣ İ") == duckdb.execute("select lower('ΟΔΟΣ İ')").fetchone()[0]


@pytest.mark.parametrize(
    ("value", "email"),
    [
        (" Ann@Example.com\t", "ann@example.com"),
        ("ann@example.com\u00a0", "ann@example.com\u00a0"),  # no blank to the build either
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


@pytest.mark.parametrize("turn", range(len(OLDER_APP) + len(OTHER_CASE)))
def test_a_line_of_theirs_is_known_in_every_form(turn: int) -> None:
    motion = (ANN.email, START, 1.0, 0.0, 0.0)
    for entity, fields in (
        ("customer", customer_fields(ANN)), ("accelerometer", motion_fields(motion)),
    ):  # fmt: skip
        old = turn < len(OLDER_APP)
        line = OLDER_APP[turn](fields) if old else other_case_line(fields, turn - len(OLDER_APP))
        data = line.encode("utf-8", "surrogateescape")
        assert Survey(frozenset({ANN.email})).whose(entity, data) == {ANN.email}
        assert Survey(frozenset({BEN.email})).whose(entity, data) == set()


def test_a_rejected_line_that_names_them_is_theirs() -> None:
    asked = Survey(frozenset({ANN.email}))
    fields = customer_fields(ANN)
    named = 0
    for ways in kinds("customer").values():
        for way in ways:
            line = way(fields).encode("utf-8", "surrogateescape")
            says = unescaped(line.decode("utf-8", "replace")).lower()
            named += ANN.email in says
            assert (asked.whose("customer", line) == {ANN.email}) is (ANN.email in says), line
    assert named > 5


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


def test_the_quick_look_knows_every_letter_that_hides_an_ascii_one() -> None:
    hiding = [letter for letter in LETTERS if not letter.isascii() and lower(letter).isascii()]
    assert hiding
    for letter in hiding:
        wanted = Identifiers.of(email=[f"{lower(letter)}@x.com"])
        assert wanted.found_in(f"{letter}@x.com".encode()) == {f"{lower(letter)}@x.com"}


def test_what_is_short_is_not_looked_for() -> None:
    wanted = Identifiers.of(name=["Ann", "Ann Lee"], phone=["1"], customer_id=["ab"])
    assert wanted.texts == {"ann lee", "ab"}


def lines(*found: str) -> list[bytes]:
    return [line.encode() for line in found]


def test_a_device_is_theirs_alone_where_no_other_record_ever_named_it() -> None:
    own, shared = ANN, ANN._replace(serial_number=BEN.serial_number, last_update=1)
    landed = {
        "customer": lines(*(plain(customer_fields(r)) for r in (own, shared, BEN))),
        "accelerometer": [],
    }
    found = survey([ANN.email], landed.__getitem__)
    assert (found.devices, found.shared) == ({ANN.serial_number}, {BEN.serial_number})
    # of both at once: then nobody else claims it
    both = survey([ANN.email, BEN.email], landed.__getitem__)
    assert (both.devices, both.shared) == ({ANN.serial_number, BEN.serial_number}, set())


def test_a_name_that_others_have_too_is_not_searched_for() -> None:
    namesake = BEN._replace(customer_name=ANN.customer_name.upper())
    landed = {
        "customer": lines(*(plain(customer_fields(r)) for r in (ANN, namesake))),
        "accelerometer": [],
    }
    found = survey([ANN.email], landed.__getitem__)
    assert found.others == {ANN.customer_name.lower()}
    assert ANN.customer_name.lower() not in found.identifiers().texts
    assert ANN.phone in found.identifiers().texts


def test_what_was_noted_of_an_erasure_that_broke_off_is_known_again() -> None:
    landed = {
        "customer": lines(plain(customer_fields(BEN._replace(serial_number="claimed since")))),
        "accelerometer": [],
    }
    kept = {"names": ["Ann Lee"], "phones": [], "devices": ["mine-alone", "claimed since"]}
    found = survey([ANN.email], landed.__getitem__, [kept | {"customer_ids": ["id"]}])
    assert (found.devices, found.shared) == ({"mine-alone"}, {"claimed since"})
    assert {"ann lee", "id"} <= found.identifiers().texts
