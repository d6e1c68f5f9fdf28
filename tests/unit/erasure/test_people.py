"""An erasure knows which landed lines, devices and details are a person's."""

from __future__ import annotations

import pytest

from stedi.erasure.people import DataSubjects, Known, ReadLines, find_subjects
from stedi.landing.records import email_of
from stedi.search.identifiers import unescaped
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
from stedi.synthetic.records import Customer

ANN, BEN = newcomer(1).latest, newcomer(11).latest


@pytest.mark.parametrize("turn", range(len(OLDER_APP) + len(OTHER_CASE)))
def test_a_line_is_theirs_in_every_form(turn: int) -> None:
    motion = (ANN.email, START, 1.0, 0.0, 0.0)
    for entity, fields in (
        ("customer", customer_fields(ANN)), ("accelerometer", motion_fields(motion)),
    ):  # fmt: skip
        old = turn < len(OLDER_APP)
        line = OLDER_APP[turn](fields) if old else other_case_line(fields, turn - len(OLDER_APP))
        data = line.encode("utf-8", "surrogateescape")
        assert DataSubjects(frozenset({ANN.email})).owners_of(entity, data) == {ANN.email}
        assert DataSubjects(frozenset({BEN.email})).owners_of(entity, data) == set()


def test_a_rejected_line_that_names_a_person_is_theirs() -> None:
    asked = DataSubjects(frozenset({ANN.email}))
    fields = customer_fields(ANN)
    named = 0
    for ways in kinds("customer").values():
        for way in ways:
            line = way(fields).encode("utf-8", "surrogateescape")
            says = unescaped(line.decode("utf-8", "replace")).lower()
            named += ANN.email in says
            assert (asked.owners_of("customer", line) == {ANN.email}) is (ANN.email in says), line
    assert named > 5


def reader(*records: Customer) -> ReadLines:
    """Reads customer lines of records, and nothing else."""
    lines = [("2024-12-31", plain(customer_fields(record)).encode()) for record in records]
    return {"customer": lines, "accelerometer": []}.__getitem__


def test_a_device_is_theirs_alone_if_nobody_else_ever_claimed_it() -> None:
    own, shared = ANN, ANN._replace(serial_number=BEN.serial_number, last_update=START - 1)
    read = reader(own, shared, BEN)
    found = find_subjects([ANN.email], read)
    assert (found.devices, found.shared_devices) == ({ANN.serial_number}, {BEN.serial_number})
    # of both at once: then nobody else claims it
    both = find_subjects([ANN.email, BEN.email], read)
    assert (both.devices, both.shared_devices) == ({ANN.serial_number, BEN.serial_number}, set())


def test_a_line_of_another_that_cannot_be_read_claims_nothing_but_shares_the_device() -> None:
    unreadable = BEN._replace(serial_number=ANN.serial_number, last_update=1)
    found = find_subjects([ANN.email], reader(ANN, unreadable))
    assert (found.devices, found.shared_devices) == (set(), {ANN.serial_number})
    assert found.owns_reading(ANN.serial_number, START)
    assert not found.owns_reading(ANN.serial_number, None)


def test_a_line_of_theirs_that_cannot_be_read_does_not_share_the_device() -> None:
    found = find_subjects([ANN.email], reader(ANN, ANN._replace(last_update=1)))
    assert (found.devices, found.shared_devices) == ({ANN.serial_number}, set())


def test_a_name_that_other_people_have_too_is_not_searched_for() -> None:
    namesake = BEN._replace(customer_name=ANN.customer_name.upper())
    found = find_subjects([ANN.email], reader(ANN, namesake))
    assert found.shared_details == {ANN.customer_name.lower()}
    assert ANN.customer_name.lower() not in found.identifiers().texts
    assert ANN.phone in found.identifiers().texts


def test_a_phone_number_that_is_a_number_is_searched_for_by_its_digits() -> None:
    line = plain(customer_fields(ANN)).replace(f'"{ANN.phone}"', "8015551212.0").encode()
    landed = {"customer": [("2024-12-31", line)], "accelerometer": []}
    found = find_subjects([ANN.email], landed.__getitem__)
    assert "8015551212" in found.identifiers().texts


def test_a_line_is_theirs_however_its_letters_are_composed() -> None:
    asked = DataSubjects(frozenset({email_of("zo\u00eb@example.com") or ""}))
    assert asked.owners_of("customer", '{"email": "ZOE\u0308@example.com"}'.encode())


def test_notes_of_an_interrupted_erasure_are_known_again() -> None:
    known = find_subjects([ANN.email, BEN.email], reader(ANN, BEN))
    known.customer_ids = {"id"}
    notes = known.notes(str.upper)
    claimed = BEN._replace(email="cy@example.com", serial_number=ANN.serial_number)
    found = find_subjects([ANN.email], reader(claimed), Known(hash=str.upper, notes=[notes]))
    assert found.claims() == find_subjects([ANN.email], reader(ANN)).claims()
    assert found.shared_devices == {ANN.serial_number}
    assert {ANN.customer_name.lower(), "id"} <= found.identifiers().texts
    assert ANN.email not in str(notes)
