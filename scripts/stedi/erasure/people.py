"""Whom to erase, what landing knows of them, and which landed lines are theirs."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

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
    emails_named_in,
    normal,
    phone_of,
    record_in,
    serial_of,
    text_of,
    time_of,
)
from stedi.search.identifiers import (
    CUSTOMER_ID,
    EMAIL,
    MAYBE_SERIAL,
    SHORTEST,
    TOGETHER,
    Identifiers,
    digits_of,
    spellings,
)

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
    names, phone numbers and serial numbers that other people's records have too. longer_emails:
    those of other people that contain one of theirs.
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
    longer_emails: set[str] = field(default_factory=set)

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
            others=self.longer_emails,
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

    def add_others(self, emails: Iterable[str]) -> None:
        """Notes those emails of other people that contain one of theirs."""
        self.longer_emails |= {e for e in emails if any(each in e for each in self.emails)}
        self._by_email = Identifiers.of(others=self.longer_emails, email=self.emails)

    def may_name(self, data: bytes) -> bool:
        """Whether bytes may hold one of their emails: a quick look, that misses nothing."""
        return self._by_email.may_be_in(data)

    def emails_in(self, line: bytes) -> set[str]:
        """Those of their emails that a line names, however it is written."""
        return {text for kind, text in self._by_email.hits_in(line) if kind == EMAIL}

    def owns(self, entity: str, ingest_date: str) -> Ownership:
        """Tells whose the records and lines of an entity are.

        ingest_date: the day on which they landed.
        """
        return Ownership(self, entity, ingest_date)

    def owns_reading(self, serial: str, time: int | None) -> bool:
        """Whether what a device measured is theirs. time: None where it is not plausible."""
        device = self.known.hash(serial)
        return self.claimed.is_theirs_alone(self._people, device) or (
            time is not None and self.claimed.was_theirs(self._people, device, time)
        )


class Ownership:
    """Tells whether a record or line of an entity is theirs, when all is known of them.

    A customer or accelerometer record is that person's whose email it has. Without a valid email it
    is nobody's, and goes with the people whom it describes: whose email is in it, or the serial
    number of whose device, or whose name together with their phone.
    """

    def __init__(self, subjects: DataSubjects, entity: str, ingest_date: str) -> None:
        self._subjects, self._entity, self._ingest_date = subjects, entity, ingest_date
        is_reading = entity not in EMAIL_FIELDS
        self._serials = subjects.devices | (set() if is_reading else subjects.shared_devices)
        self._named = Identifiers.of(
            others=subjects.longer_emails,
            email=subjects.emails,
            customer_id=subjects.customer_ids,
            serial_number=self._serials,
            name=subjects.names,
            phone=subjects.phones,
        )
        self._names = {normal(name) for each in subjects.names for name in spellings(each.strip())}
        self._phones = {digits for each in subjects.phones if (digits := digits_of(each))}
        former = subjects.former_devices()
        known = subjects.devices | subjects.shared_devices
        self._former = former - {*map(subjects.known.hash, known)}
        # what a quick look cannot find, because it would find it everywhere
        short = {*known, *subjects.names} if entity != "accelerometer" else set()
        self._must_look = any(len(text.strip()) < SHORTEST for text in short) or bool(
            self._former and entity != "accelerometer"
        )
        self._quick = Identifiers.of(
            email=subjects.emails,
            customer_id=subjects.customer_ids,
            serial_number=known,
            name=subjects.names,
        )

    def may_hold(self, data: bytes) -> bool:
        """A quick look, that misses nothing, at one or more lines."""
        return self._must_look or self._quick.may_be_in(data)

    def __call__(self, line: bytes) -> bool:
        """Whether a record or line is theirs."""
        if not self.may_hold(line):
            return False
        fields = record_in(line)
        if self._entity in EMAIL_FIELDS:
            if owner := email_of(fields.get(EMAIL_FIELDS[self._entity])):
                return owner in self._subjects.emails
        elif serial := serial_of(fields.get("serialNumber")):
            time = fields.get("sensorReadingTime")
            read_at = time_of(time, self._ingest_date, self._subjects.known.earliest)
            return self._subjects.owns_reading(serial, read_at)
        return self._describes(line, fields)

    def _describes(self, line: bytes, fields: Mapping[str, Any]) -> bool:
        """Whether what has no owner describes them. A line that suspends somebody else's consent
        stays theirs, unless it names one of these people."""
        if self._entity == "customer" and emails_named_in(line) - self._subjects.emails:
            return bool(self._subjects.emails_in(line))
        serial = serial_of(fields.get("serialNumber"))
        if serial and (
            serial in self._serials or self._subjects.known.hash(serial) in self._former
        ):
            return True
        name, phone = text_of(fields.get("customerName")), phone_of(fields.get("phone"))
        is_name = name is not None and normal(name.strip()) in self._names
        if is_name and phone and digits_of(phone) in self._phones:
            return True
        kinds = {kind for kind, _ in self._named.hits_in(line)}
        return not kinds.isdisjoint((EMAIL, CUSTOMER_ID, MAYBE_SERIAL, TOGETHER))


def find_subjects(
    emails: Iterable[str], read_lines: ReadLines, known: Known | None = None
) -> DataSubjects:
    """Reads the landed records of customers and accelerometers for what they know of people.

    emails: theirs, in normal form. Raises what `read_lines` raises.
    """
    subjects = DataSubjects(frozenset(emails), known or Known())
    earliest = subjects.known.earliest
    _find_motion(subjects, read_lines("accelerometer"))
    named: dict[str, set[str]] = defaultdict(set)  # by serial number, whose other records name it
    shared: set[str] = set()  # serial numbers in lines of others that cannot be read
    other_people: set[str] = set()
    for ingest_date, line in read_lines("customer"):
        fields = record_in(line)
        owner = email_of(fields.get("email"))
        if owner and owner not in subjects.emails:
            other_people.add(owner)
            if serial := serial_of(fields.get("serialNumber")):
                if customer_of(fields, ingest_date, earliest):
                    named[serial].add(owner)
                else:
                    shared.add(serial)
        elif owners := {owner} if owner else subjects.emails_in(line):
            subjects.landed |= owners
            subjects.names.update(_detail(text_of(fields.get("customerName"))))
            subjects.phones.update(_detail(phone_of(fields.get("phone"))))
            subjects.records.add(fields, ingest_date, earliest)
    subjects.add_others(other_people)
    rivals = _rivals(subjects, named)
    claimed = {claim.device for claim in subjects.claims()}
    details = Identifiers.of(name=subjects.names, phone=subjects.phones, serial_number=claimed)
    others = Records()
    for ingest_date, line in read_lines("customer"):
        if not details.may_be_in(line) and not rivals:
            continue
        fields = record_in(line)
        owner = email_of(fields.get("email"))
        # what is nobody's is no reason to leave anything of theirs
        if ({owner} if owner else emails_named_in(line)) - subjects.emails:
            subjects.shared_details |= details.found_in(line)
        if owner in rivals:
            others.add(fields, ingest_date, earliest)
    subjects.add_claims(others, shared)
    subjects.shared_details -= subjects.shared_devices  # which are told by themselves
    return subjects


def _find_motion(subjects: DataSubjects, lines: Iterable[tuple[str, bytes]]) -> None:
    """Finds whom of them accelerometer lines name, and other people whose emails contain theirs."""
    others: set[str] = set()
    for _, line in lines:
        if not subjects.may_name(line):
            continue
        if owner := email_of(record_in(line).get("user")):
            (subjects.landed if owner in subjects.emails else others).add(owner)
        else:
            subjects.landed |= subjects.emails_in(line)
    subjects.add_others(others)


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
