"""An erasure knows which landed lines, devices and details are a person's."""

from __future__ import annotations

import pytest

from stedi.erasure.people import DataSubjects, find_subjects
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


def lines(*found: str) -> list[bytes]:
    return [line.encode() for line in found]


def test_a_device_is_theirs_alone_if_no_other_record_ever_claimed_it() -> None:
    own, shared = ANN, ANN._replace(serial_number=BEN.serial_number, last_update=1)
    landed = {
        "customer": lines(*(plain(customer_fields(r)) for r in (own, shared, BEN))),
        "accelerometer": [],
    }
    found = find_subjects([ANN.email], landed.__getitem__)
    assert (found.devices, found.shared_devices) == ({ANN.serial_number}, {BEN.serial_number})
    # of both at once: then nobody else claims it
    both = find_subjects([ANN.email, BEN.email], landed.__getitem__)
    assert (both.devices, both.shared_devices) == ({ANN.serial_number, BEN.serial_number}, set())


def test_a_name_that_other_people_have_too_is_not_searched_for() -> None:
    namesake = BEN._replace(customer_name=ANN.customer_name.upper())
    landed = {
        "customer": lines(*(plain(customer_fields(r)) for r in (ANN, namesake))),
        "accelerometer": [],
    }
    found = find_subjects([ANN.email], landed.__getitem__)
    assert found.shared_details == {ANN.customer_name.lower()}
    assert ANN.customer_name.lower() not in found.identifiers().texts
    assert ANN.phone in found.identifiers().texts


def test_notes_of_an_interrupted_erasure_are_known_again() -> None:
    landed = {
        "customer": lines(plain(customer_fields(BEN._replace(serial_number="claimed since")))),
        "accelerometer": [],
    }
    notes = {"names": ["Ann Lee"], "phones": [], "devices": ["mine-alone", "claimed since"]}
    found = find_subjects([ANN.email], landed.__getitem__, [notes | {"customer_ids": ["id"]}])
    assert (found.devices, found.shared_devices) == ({"mine-alone"}, {"claimed since"})
    assert {"ann lee", "id"} <= found.identifiers().texts
