"""Whom to erase, what landing knows of them, and which landed lines are theirs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from stedi.landing.records import email_of, record_of, serial_of
from stedi.search.identifiers import SHORTEST, Identifiers

EMAIL_FIELDS = {"customer": "email", "accelerometer": "user"}  # by entity
NOTED = ("names", "phones", "devices", "customer_ids")
Notes = dict[str, list[str]]  # texts by kind, of the kinds in NOTED
ReadLines = Callable[[str], Iterable[bytes]]  # all landed lines of an entity


@dataclass
class DataSubjects:
    """The people to erase, by their emails, and what landing knows of them.

    landed: the emails that customer or accelerometer lines name. devices: serial numbers that no
    other person ever claimed. shared_devices: those that another person claimed too. customer_ids:
    their pseudonyms, as far as they are known. shared_details: names and phone numbers that other
    people's records have too.
    """

    emails: frozenset[str]
    landed: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    phones: set[str] = field(default_factory=set)
    devices: set[str] = field(default_factory=set)
    shared_devices: set[str] = field(default_factory=set)
    customer_ids: set[str] = field(default_factory=set)
    shared_details: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._by_email = Identifiers.of(email=self.emails)

    def identifiers(self) -> Identifiers:
        """What must not be found of them after the erasure."""
        found = Identifiers.of(
            email=self.emails,
            customer_id=self.customer_ids,
            name=self.names,
            phone=self.phones,
            serial_number=self.devices,
        )
        return found.without(self.shared_details)

    def notes(self) -> Notes:
        """What must still be known of them when their landed lines are gone."""
        return {kind: sorted(getattr(self, kind)) for kind in NOTED}

    def emails_in(self, line: bytes) -> set[str]:
        """Those of their emails that a line names, however it is written."""
        return self._by_email.found_in(line)

    def owners_of(self, entity: str, line: bytes) -> set[str]:
        """The emails of those whose line it is: the email of its record, or, if it is not a record
        of anybody's, every email in it."""
        if not (named := self.emails_in(line)):
            return set()
        owner = email_of((_record(line) or {}).get(EMAIL_FIELDS[entity]))
        return named if owner is None else {owner} & self.emails

    def owns(self, entity: str) -> Callable[[bytes], bool]:
        """A function that tells whether a line of an entity, with its end, is theirs."""
        if entity in EMAIL_FIELDS:
            return lambda line: bool(self.owners_of(entity, line))
        by_device = Identifiers.of(serial_number=self.devices)
        has_short_ones = any(len(device.strip()) < SHORTEST for device in self.devices)

        def is_of_a_device(line: bytes) -> bool:
            may_be = by_device.may_be_in(line) or self._by_email.may_be_in(line)
            if not (may_be or has_short_ones):
                return False
            if serial := serial_of((_record(line) or {}).get("serialNumber")):
                return serial in self.devices
            return bool(by_device.found_in(line) or self.emails_in(line))

        return is_of_a_device


def find_subjects(
    emails: Iterable[str], read_lines: ReadLines, notes: Iterable[Notes] = ()
) -> DataSubjects:
    """Reads the landed lines of customers and accelerometers for what they know of people.

    emails: theirs, in normal form. notes: those of interrupted erasures of the same people.
    Raises what `read_lines` raises.
    """
    subjects = DataSubjects(frozenset(emails))
    for noted in notes:
        for kind in NOTED:
            getattr(subjects, kind).update(noted.get(kind, ()))
    claimed_by_others: set[str] = set()
    for line in read_lines("customer"):
        owners = subjects.owners_of("customer", line)
        record = _record(line) or {}
        serial = serial_of(record.get("serialNumber"))
        if not owners:
            claimed_by_others.add(serial or "")
            continue
        subjects.landed |= owners
        subjects.names.update(_texts(record, "customerName"))
        subjects.phones.update(_texts(record, "phone"))
        subjects.devices.update({serial} if serial else ())
    subjects.shared_devices = subjects.devices & claimed_by_others
    subjects.devices -= subjects.shared_devices
    details = Identifiers.of(name=subjects.names, phone=subjects.phones)
    for line in read_lines("customer"):
        if details.may_be_in(line) and not subjects.owners_of("customer", line):
            subjects.shared_details |= details.found_in(line)
    for line in read_lines("accelerometer"):
        subjects.landed |= subjects.owners_of("accelerometer", line)
    return subjects


def _record(line: bytes) -> dict[str, Any] | None:
    try:
        return record_of(line.decode().strip("\r\n").lstrip("\ufeff"))
    except UnicodeDecodeError:
        return None


def _texts(record: dict[str, Any], name: str) -> Iterator[str]:
    value = record.get(name)
    if isinstance(value, str) and value.strip():
        yield value
