"""Who is to be erased, and which landed lines are theirs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from stedi.errors import StediError
from stedi.landing.records import email_of, record_of, serial_of
from stedi.search.identifiers import SHORTEST, Identifiers

PERSONAL = {"customer": "email", "accelerometer": "user"}  # entity -> the field that says who
Lines = Callable[[str], Iterable[bytes]]  # of all landed files of an entity
KEPT = ("names", "phones", "devices", "customer_ids")
Kept = dict[str, list[str]]  # of these


@dataclass
class Survey:
    """What landing knows of the people of some emails.

    known: the emails that customer or accelerometer lines name. devices: those that are theirs
    alone. shared: their devices that another person has claimed too. customer_ids: their
    pseudonyms, as far as somebody has told. others: names and phones that other people's records
    have as well.
    """

    emails: frozenset[str]
    known: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    phones: set[str] = field(default_factory=set)
    devices: set[str] = field(default_factory=set)
    customer_ids: set[str] = field(default_factory=set)
    shared: set[str] = field(default_factory=set)
    others: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._by_email = Identifiers.of(email=self.emails)

    def identifiers(self) -> Identifiers:
        """What must not be found of them afterwards."""
        found = Identifiers.of(
            email=self.emails,
            customer_id=self.customer_ids,
            name=self.names,
            phone=self.phones,
            serial_number=self.devices,
        )
        return found.without(self.others)

    def kept(self) -> Kept:
        """What must still be known of them when what landed is gone."""
        return {what: sorted(getattr(self, what)) for what in KEPT}

    def names_them(self, line: bytes) -> set[str]:
        """The emails that a line names, however it is written."""
        return self._by_email.found_in(line)

    def whose(self, entity: str, line: bytes) -> set[str]:
        """The emails of the survey whose line it is: that its record says, or, where it is no
        record of anybody's, that stand in it."""
        if not (named := self.names_them(line)):
            return set()
        owner = email_of((_record(line) or {}).get(PERSONAL[entity]))
        return named if owner is None else {owner} & self.emails

    def is_theirs(self, entity: str) -> Callable[[bytes], bool]:
        """Tells which lines of an entity are theirs, each with its end."""
        if entity in PERSONAL:
            return lambda line: bool(self.whose(entity, line))
        by_device = Identifiers.of(serial_number=self.devices)
        short = any(len(device.strip()) < SHORTEST for device in self.devices)

        def is_of_a_device(line: bytes) -> bool:
            if not (short or by_device.may_be_in(line) or self._by_email.may_be_in(line)):
                return False
            if serial := serial_of((_record(line) or {}).get("serialNumber")):
                return serial in self.devices
            return bool(by_device.found_in(line) or self.names_them(line))

        return is_of_a_device


def survey(emails: Iterable[str], lines: Lines, kept: Iterable[Kept] = ()) -> Survey:
    """Reads what landed of customers and accelerometers. Raises what `lines` raises.

    kept: what erasures of the same people that have not ended have noted.
    """
    found = Survey(frozenset(emails))
    for noted in kept:
        for what in KEPT:
            getattr(found, what).update(noted.get(what, ()))
    claimed_by_others: set[str] = set()
    for line in lines("customer"):
        whose = found.whose("customer", line)
        record = _record(line) or {}
        serial = serial_of(record.get("serialNumber"))
        if not whose:
            claimed_by_others.add(serial or "")
            continue
        found.known |= whose
        found.names.update(_texts(record, "customerName"))
        found.phones.update(_texts(record, "phone"))
        found.devices.update({serial} if serial else ())
    found.shared = found.devices & claimed_by_others
    found.devices -= found.shared
    details = Identifiers.of(name=found.names, phone=found.phones)
    for line in lines("customer"):
        if details.may_be_in(line) and not found.whose("customer", line):
            found.others |= details.found_in(line)
    for line in lines("accelerometer"):
        found.known |= found.whose("accelerometer", line)
    return found


def _record(line: bytes) -> dict[str, Any] | None:
    try:
        return record_of(line.decode().strip("\r\n").lstrip("\ufeff"))
    except UnicodeDecodeError:
        return None


def _texts(record: dict[str, Any], name: str) -> Iterator[str]:
    value = record.get(name)
    if isinstance(value, str) and value.strip():
        yield value


class Refused(StediError):
    """An erasure that cannot be, before anything has changed. Its text says what to do."""
