"""An erasure knows which landed lines, devices and details are a person's."""

from __future__ import annotations

import json

import pytest

from stedi.erasure.people import DataSubjects, Known, ReadLines, find_subjects
from stedi.landing.records import email_of
from stedi.search.identifiers import MAYBE_EMAIL, unescaped
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
DAY = "2024-12-31"


@pytest.mark.parametrize("turn", range(len(OLDER_APP) + len(OTHER_CASE)))
def test_a_line_is_theirs_in_every_form(turn: int) -> None:
    motion = (ANN.email, START, 1.0, 0.0, 0.0)
    for entity, fields in (
        ("customer", customer_fields(ANN)), ("accelerometer", motion_fields(motion)),
    ):  # fmt: skip
        old = turn < len(OLDER_APP)
        line = OLDER_APP[turn](fields) if old else other_case_line(fields, turn - len(OLDER_APP))
        data = line.encode("utf-8", "surrogateescape")
        assert DataSubjects(frozenset({ANN.email})).owns(entity, DAY)(data)
        assert not DataSubjects(frozenset({BEN.email})).owns(entity, DAY)(data)


def test_a_rejected_line_that_names_a_person_is_theirs() -> None:
    asked = DataSubjects(frozenset({ANN.email}))
    fields = customer_fields(ANN)
    named = 0
    for ways in kinds("customer").values():
        for way in ways:
            line = way(fields).encode("utf-8", "surrogateescape")
            says = unescaped(line.decode("utf-8", "replace")).lower()
            named += ANN.email in says
            assert asked.owns("customer", DAY)(line) is (ANN.email in says), line
    assert named > 5


def reader(*records: Customer) -> ReadLines:
    """Reads customer lines of records, and nothing else."""
    lines = [(DAY, plain(customer_fields(record)).encode()) for record in records]
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


MISTYPED = [ANN.email.replace("@", "."), ANN.email.replace("@", "\uff20"), "ann", ""]


@pytest.mark.parametrize("email", MISTYPED)
def test_a_record_with_a_mistyped_email_is_nobodys_and_keeps_nothing(email: str) -> None:
    mistyped = ANN._replace(email=email, last_update=ANN.last_update + 1)
    found = find_subjects([ANN.email], reader(ANN, mistyped, BEN))
    assert found.shared_details == set()
    assert found.devices == {ANN.serial_number}
    owns = found.owns("customer", DAY)
    assert owns(plain(customer_fields(mistyped)).encode())
    only_device = customer_fields(BEN._replace(email=email, serial_number=ANN.serial_number))
    assert owns(plain(only_device).encode())
    only_name_and_phone = customer_fields(mistyped._replace(serial_number=BEN.serial_number))
    assert owns(plain(only_name_and_phone).encode())
    for alike in (
        mistyped._replace(serial_number=BEN.serial_number, phone=BEN.phone),
        mistyped._replace(serial_number=BEN.serial_number, customer_name=BEN.customer_name),
    ):
        assert not owns(plain(customer_fields(alike)).encode())


def test_nobodys_record_goes_by_a_serial_number_too_short_to_be_searched_for() -> None:
    found = find_subjects([ANN.email], reader(ANN._replace(serial_number="D-1")))
    mistyped = customer_fields(BEN._replace(email="ann", serial_number="D-1"))
    owns = found.owns("customer", DAY)
    assert owns(plain(mistyped).encode())
    assert not owns(plain(mistyped | {"serialNumber": "D-11"}).encode())


def test_nobodys_line_goes_by_a_phone_however_it_is_written() -> None:
    found = find_subjects([ANN.email], reader(ANN))
    phone = f"+1 ({ANN.phone[:3]}) {ANN.phone[3:6]}-{ANN.phone[6:]}"
    last_first = ", ".join(ANN.customer_name.split(" ", 1)[::-1])
    owns = found.owns("customer", DAY)
    assert owns(f"no JSON: {last_first}; {phone}".encode())
    assert owns(json.dumps({"customerName": ANN.customer_name, "phone": phone}).encode())
    assert not owns(f"no JSON: {last_first}; {BEN.phone}".encode())


def test_a_line_that_suspends_somebody_elses_consent_stays() -> None:
    line = f'{{"email": "{BEN.email}", "serialNumber": "{ANN.serial_number}", broken'
    landed = {"customer": [(DAY, plain(customer_fields(ANN)).encode()), (DAY, line.encode())]}
    found = find_subjects([ANN.email], (landed | {"accelerometer": []}).__getitem__)
    assert not found.owns("customer", DAY)(line.encode())
    assert not found.identifiers().hits_in(line.encode())  # and keeps no erasure from its end


def test_the_end_of_another_persons_email_is_not_theirs() -> None:
    other = BEN._replace(email=f"o'{ANN.email}")
    found = find_subjects([ANN.email], reader(ANN, other))
    owns = found.owns("customer", DAY)
    assert not owns(plain(customer_fields(other)).encode())
    assert not owns(f"no JSON, o'{ANN.email}".encode())
    assert owns(f"no JSON, '{ANN.email}'".encode())
    assert not found.identifiers().hits_in(f"o'{ANN.email}".encode())
    assert found.identifiers().hits_in(f"x'{ANN.email}".encode()) == {(MAYBE_EMAIL, ANN.email)}


def test_a_phone_number_that_is_a_number_is_searched_for_by_its_digits() -> None:
    line = plain(customer_fields(ANN)).replace(f'"{ANN.phone}"', "8015551212.0").encode()
    landed = {"customer": [(DAY, line)], "accelerometer": []}
    found = find_subjects([ANN.email], landed.__getitem__)
    assert "8015551212" in found.identifiers().texts


def test_a_line_is_theirs_however_its_letters_are_composed() -> None:
    asked = DataSubjects(frozenset({email_of("zo\u00eb@example.com") or ""}))
    assert asked.owns("customer", DAY)('{"email": "ZOE\u0308@example.com"}'.encode())


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
