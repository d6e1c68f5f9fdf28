"""Whom to erase, what landing knows of them, and which landed lines are theirs."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from stedi.landing.claims import (
    Claim,
    CustomerRecord,
    Devices,
    Records,
    customer_of,
)
from stedi.landing.records import (
    EARLIEST,
    email_of,
    phone_of,
    record_in,
    serial_of,
    text_of,
    time_of,
)
from stedi.search.identifiers import SHORTEST, Identifiers

EMAIL_FIELDS = {"customer": "email", "accelerometer": "user"}  # by entity
NOTED = ("names", "phones", "customer_ids")
RECORDS, LANDINGS = "records", "landings"
Notes = dict[str, list[str]]  # texts by kind: those in NOTED, RECORDS and LANDINGS
ReadLines = Callable[[str], Iterable[tuple[str, bytes]]]  # an entity's lines, by ingest date
Hash = Callable[[str], str]  # of an email or a serial number, as the register has them


@dataclass(frozen=True)
class Known:
    """What is known of people beside what has landed.

    hash: makes HMACs under the erasure key. tombstones: the claims of everybody who was ever
    erased, by HMACs. notes: those of interrupted erasures of the people to erase. earliest: the day
    from which on a time is plausible.
    """

    hash: Hash = str
    tombstones: Sequence[Claim] = ()
    notes: Sequence[Notes] = ()
    earliest: str = EARLIEST


@dataclass
class DataSubjects:
    """The people to erase, by their emails, and what landing knows of them.

    landed: the emails that customer or accelerometer lines name. records: theirs, also those whose
    lines an interrupted erasure has removed. devices: serial numbers that no other person was
    ever named with. shared_devices: those of which that is not so. claimed: who claimed their
    devices, by HMACs. customer_ids: their pseudonyms, as far as they are known. shared_details:
    names and phone numbers that other people's records have too.
    """

    emails: frozenset[str]
    known: Known = field(default_factory=Known)
    landed: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    phones: set[str] = field(default_factory=set)
    records: Records = field(default_factory=Records)
    devices: set[str] = field(default_factory=set)
    shared_devices: set[str] = field(default_factory=set)
    claimed: Devices = field(default_factory=lambda: Devices(()))
    customer_ids: set[str] = field(default_factory=set)
    shared_details: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._by_email = Identifiers.of(email=self.emails)
        by_hash = {self.known.hash(email): email for email in self.emails}
        self._people = frozenset(by_hash)
        for noted in self.known.notes:
            for kind in NOTED:
                getattr(self, kind).update(noted.get(kind, ()))
            # Others who were erased at once with them are left out.
            for person, *fields in map(json.loads, noted.get(RECORDS, ())):
                if email := by_hash.get(person):
                    self.records.found.add(CustomerRecord(email, *fields))
            for person, updated_at, ingest_date in map(json.loads, noted.get(LANDINGS, ())):
                if email := by_hash.get(person):
                    self.records.add_landing(email, updated_at, ingest_date)

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

    def notes(self, hash: Hash) -> Notes:
        """What must still be known of them when their landed lines are gone. Not their emails:
        hash makes what stands for them."""
        records = [json.dumps([hash(email), *rest]) for email, *rest in self.records.found]
        landings = [
            json.dumps([hash(email), updated_at, ingest_date])
            for (email, updated_at), ingest_date in self.records.landed.items()
        ]
        details = {kind: sorted(getattr(self, kind)) for kind in NOTED}
        return details | {RECORDS: sorted(records), LANDINGS: sorted(landings)}

    def claims(self) -> list[Claim]:
        """The claims that their records make."""
        return self.records.claims()

    def add_claims(self, others: Records, shared: Iterable[str]) -> None:
        """Sorts their devices.

        others: the records of everybody else who names one of them. shared: the serial numbers in
        lines of other people that cannot be read.
        """
        claims = [*self.claims(), *others.claims()]
        hash = self.known.hash
        hashed = [c._replace(person=hash(c.person), device=hash(c.device)) for c in claims]
        self.claimed = Devices([*hashed, *self.known.tombstones], map(hash, shared))
        for device in {claim.device for claim in self.claims()}:
            is_alone = self.claimed.is_theirs_alone(self._people, hash(device))
            (self.devices if is_alone else self.shared_devices).add(device)

    def former_devices(self) -> set[str]:
        """The HMACs of devices that they claimed before an earlier erasure."""
        return {each.device for each in self.known.tombstones if each.person in self._people}

    def emails_in(self, line: bytes) -> set[str]:
        """Those of their emails that a line names, however it is written."""
        return self._by_email.found_in(line)

    def owners_of(self, entity: str, line: bytes) -> set[str]:
        """The emails of those whose line it is: the email of its record, or, if it is not a record
        of anybody's, every email in it."""
        if not self._by_email.may_be_in(line):
            return set()
        owner = email_of(record_in(line).get(EMAIL_FIELDS[entity]))
        return self.emails_in(line) if owner is None else {owner} & self.emails

    def owns(self, entity: str, ingest_date: str) -> Callable[[bytes], bool]:
        """A function that tells whether a line of an entity, with its end, is theirs.

        ingest_date: the day on which the line landed.
        """
        if entity in EMAIL_FIELDS:
            return lambda line: bool(self.owners_of(entity, line))
        alone = Identifiers.of(serial_number=self.devices)
        may_be_theirs = self._quick_look()

        def is_theirs(line: bytes) -> bool:
            if not may_be_theirs(line):
                return False
            fields = record_in(line)
            if serial := serial_of(fields.get("serialNumber")):
                time = time_of(fields.get("sensorReadingTime"), ingest_date, self.known.earliest)
                return self.owns_reading(serial, time)
            return bool(alone.found_in(line) or self.emails_in(line))

        return is_theirs

    def owns_reading(self, serial: str, time: int | None) -> bool:
        """Whether what a device measured is theirs. time: None where it is not plausible."""
        device = self.known.hash(serial)
        return self.claimed.is_theirs_alone(self._people, device) or (
            time is not None and self.claimed.was_theirs(self._people, device, time)
        )

    def _quick_look(self) -> Callable[[bytes], bool]:
        """A function that tells whether a line of a device has to be looked at closely."""
        serials = self.devices | self.shared_devices
        has_short_ones = any(len(serial.strip()) < SHORTEST for serial in serials)
        if has_short_ones or self.former_devices() - {*map(self.known.hash, serials)}:
            return lambda line: True
        claimed = Identifiers.of(serial_number=serials)
        return lambda line: claimed.may_be_in(line) or self._by_email.may_be_in(line)


def find_subjects(
    emails: Iterable[str], read_lines: ReadLines, known: Known | None = None
) -> DataSubjects:
    """Reads the landed lines of customers and accelerometers for what they know of people.

    emails: theirs, in normal form. Raises what `read_lines` raises.
    """
    subjects = DataSubjects(frozenset(emails), known or Known())
    earliest = subjects.known.earliest
    named: dict[str, set[str]] = defaultdict(set)  # by serial number, whose other records name it
    shared: set[str] = set()  # serial numbers in lines of others that cannot be read
    for ingest_date, line in read_lines("customer"):
        fields = record_in(line)
        if owners := subjects.owners_of("customer", line):
            subjects.landed |= owners
            subjects.names.update(_detail(text_of(fields.get("customerName"))))
            subjects.phones.update(_detail(phone_of(fields.get("phone"))))
            subjects.records.add(fields, ingest_date, earliest)
        elif (other := email_of(fields.get("email"))) and (
            serial := serial_of(fields.get("serialNumber"))
        ):
            if customer_of(fields, ingest_date, earliest):
                named[serial].add(other)
            else:
                shared.add(serial)
    rivals = Identifiers.of(email=_rivals(subjects, named))
    details = Identifiers.of(name=subjects.names, phone=subjects.phones)
    others = Records()
    for ingest_date, line in read_lines("customer"):
        if details.may_be_in(line) and not subjects.owners_of("customer", line):
            subjects.shared_details |= details.found_in(line)
        if rivals.may_be_in(line):
            fields = record_in(line)
            if email_of(fields.get("email")) in rivals.texts:
                others.add(fields, ingest_date, earliest)
    subjects.add_claims(others, shared)
    for _, line in read_lines("accelerometer"):
        subjects.landed |= subjects.owners_of("accelerometer", line)
    return subjects


def _rivals(subjects: DataSubjects, named: Mapping[str, set[str]]) -> set[str]:
    """The emails of other people who name a device of theirs, also one of before an erasure.

    named: whom the records of each serial number are of.
    """
    devices = {claim.device for claim in subjects.claims()}
    if former := subjects.former_devices():
        devices |= {serial for serial in named if subjects.known.hash(serial) in former}
    return {email for device in devices for email in named.get(device, ())}


def _detail(text: str | None) -> Iterator[str]:
    if text and text.strip():
        yield text
