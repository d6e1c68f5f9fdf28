"""What people of a history tell STEDI, deed by deed, and what is known when they have.

People live in lives: small groups that share nothing with another group, so that one lakehouse
holds many at once, each with a random course of its own. There are few people, devices and moments
in a life, so that deeds meet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from stedi.synthetic.bad_lines import kinds
from stedi.synthetic.expectation import SOURCES, Customer, Distance, Motion
from stedi.synthetic.lines import (
    OLDER_APP,
    OTHER_CASE,
    Fields,
    customer_fields,
    distance_fields,
    motion_fields,
    other_case_line,
    plain,
    wrong_details_line,
)
from stedi.synthetic.personas import DAY, LAST_MOMENT, START, email_of, newcomer, serial_of

PEOPLE = 3  # of a life; the device of the same number is the one that a person has at first
HOUR = DAY // 24
KEPT = "kept"

# When people practise, and from when on they consent: the very moment and the one after, the ends
# of days, months and years, and clocks that are wrong.
MOMENTS = (
    START + DAY // 4,
    START + DAY // 4 + 1,
    START - 1,
    START,
    START + 2 * DAY - 1,
    START + 2 * DAY,
    START + 5 * DAY,
    START + 31 * DAY - 1,
    START + 31 * DAY,
    START - 20 * DAY,
    0,
    LAST_MOMENT,
)

# How a line may be written: plainly, or in the ways of older apps, which mean the same.
FORMS: tuple[Callable[[Fields], str], ...] = (
    plain,
    *OLDER_APP,
    *(lambda fields, t=turn: other_case_line(fields, t) for turn in range(len(OTHER_CASE))),
    lambda fields: wrong_details_line(fields, 0),
)
FIELDS: dict[str, Callable[[Any], Fields]] = {
    "customer": customer_fields,
    "accelerometer": motion_fields,
    "step_trainer": distance_fields,
}
BAD = {
    source: [(reason, way) for reason, ways in kinds(source).items() for way in ways]
    for source in SOURCES
}


class Record(NamedTuple):
    """A customer record: the one known of the person, with changes.

    age: hours by which it is newer than the person's current record; 0: of the same moment.
    consent, device: KEPT; or else the moment of consent, the device, by number; None: no more.
    phone: None: kept, 0: none, else another one.
    """

    who: int
    age: int = 1
    consent: str | int | None = KEPT
    device: str | int | None = KEPT
    phone: int | None = None
    form: int = 0

    def __str__(self) -> str:
        updated = f"{self.age:+d} h" if self.age else "of the same moment"
        changes = [f"record of {person_name(self.who)}, {updated}"]
        if self.consent is None:
            changes.append("no consent")
        elif self.consent != KEPT:
            changes.append(f"consent from {time_name(self.consent)}")
        if self.device is None:
            changes.append("no device")
        elif self.device != KEPT:
            changes.append(f"device {device_name(self.device)}")
        if self.phone is not None:
            changes.append(f"phone {self.phone}")
        return ", ".join(changes) + form_name(self.form)


class Moved(NamedTuple):
    """An accelerometer reading, `copies` times in one file."""

    who: int
    moment: int = 0
    value: int = 0
    copies: int = 1
    form: int = 0

    def __str__(self) -> str:
        what = f"motion {self.value} of {person_name(self.who)} at {time_name(self.moment)}"
        return what + times_name(self.copies) + form_name(self.form)


class Measured(NamedTuple):
    """A step trainer reading, `copies` times in one file."""

    device: int
    moment: int = 0
    value: int = 0
    copies: int = 1
    form: int = 0

    def __str__(self) -> str:
        what = f"distance {self.value} of {device_name(self.device)} at {time_name(self.moment)}"
        return what + times_name(self.copies) + form_name(self.form)


class Again(NamedTuple):
    """What was delivered once, of a source, is delivered again, maybe written otherwise."""

    source: str
    nth: int
    form: int = 0

    def __str__(self) -> str:
        return f"{self.source} record number {self.nth} again" + form_name(self.form)


class Bad(NamedTuple):
    """A line of a source that no record can be read from."""

    source: str
    way: int

    def __str__(self) -> str:
        ways = BAD[self.source]
        return f"{self.source} line that is {ways[self.way % len(ways)][0]} (way {self.way})"


Deed = Record | Moved | Measured | Again | Bad
Line = tuple[str, str]  # source, the line with its end


def source_of(deed: Deed) -> str:
    """The source whose files the deed writes to."""
    if isinstance(deed, Again | Bad):
        return deed.source
    return SOURCES[(Record, Moved, Measured).index(type(deed))]


def person_name(who: int) -> str:
    return "abc"[who]


def device_name(device: int) -> str:
    return "ABC"[device]


def time_name(moment: int) -> str:
    return f"{datetime(1970, 1, 1) + timedelta(milliseconds=MOMENTS[moment])}"[:23]


def times_name(copies: int) -> str:
    return f", {copies} times" if copies > 1 else ""


def form_name(form: int) -> str:
    return f" (form {form})" if form else ""


@dataclass
class Life:
    """What a group of people has delivered so far: typed records with the day that each came on."""

    number: int
    delivered: dict[str, list[tuple[int, Any]]] = field(
        default_factory=lambda: {source: [] for source in SOURCES}
    )
    rejected: list[tuple[int, str, str]] = field(default_factory=list)  # day, source, reason

    def does(self, deed: Deed, day: int) -> Iterator[Line]:
        """Takes note of a deed; yields the lines that it delivers on the day."""
        source = source_of(deed)
        if isinstance(deed, Bad):
            reason, way = BAD[source][deed.way % len(BAD[source])]
            self.rejected.append((day, source, reason))
            yield source, way(FIELDS[source](self._sample(source)))
            return
        record = self._record(deed)
        if record is not None:
            for _ in range(getattr(deed, "copies", 1)):
                self.delivered[source].append((day, record))
                yield source, FORMS[deed.form % len(FORMS)](FIELDS[source](record))

    def person(self, who: int) -> int:
        """A person's number among all lives."""
        return 10 * self.number + who + 1

    def email(self, who: int) -> str:
        return email_of(self.person(who))

    def serial(self, device: int) -> str:
        return serial_of(self.person(device))

    def _record(self, deed: Deed) -> Any:
        """The record that a deed delivers; None where there is nothing to deliver again."""
        if isinstance(deed, Record):
            return self._update(deed)
        if isinstance(deed, Moved):
            return self._motion(deed)
        if isinstance(deed, Measured):
            return self._distance(deed)
        known = self.delivered[deed.source]
        return known[deed.nth % len(known)][1] if known else None

    def _update(self, deed: Record) -> Customer:
        record = newcomer(self.person(deed.who)).latest._replace(last_update=START)
        if (current := self.current(deed.who)) is not None:
            record = current._replace(last_update=current.last_update + deed.age * HOUR)
        if deed.consent != KEPT:
            consent = None if deed.consent is None else MOMENTS[deed.consent]
            record = record._replace(research=consent)
        if deed.device != KEPT:
            device = None if deed.device is None else self.serial(deed.device)
            record = record._replace(serial_number=device)
        if deed.phone is not None:
            record = record._replace(phone=f"555{deed.phone:07d}" if deed.phone else None)
        return record

    def knows(self, who: int) -> bool:
        """Whether anything landed that names the person."""
        moved = (email for _, (email, *_) in self.delivered["accelerometer"])
        return bool(self.records(who)) or self.email(who) in moved

    def values(self) -> Iterator[Any]:
        """All that its lines say, the bad ones included."""
        for known in self.delivered.values():
            for _, record in known:
                yield from record
        for source in SOURCES:
            yield from self._sample(source)

    def records(self, who: int) -> list[Customer]:
        """The person's customer records, as they came."""
        email = self.email(who)
        return [record for _, record in self.delivered["customer"] if record.email == email]

    def current(self, who: int) -> Customer | None:
        """The person's current record, None where there is none yet."""
        return min(self.records(who), key=precedence, default=None)

    def _motion(self, deed: Moved) -> Motion:
        return (self.email(deed.who), MOMENTS[deed.moment], float(deed.value), 0.0, -1.5)

    def _distance(self, deed: Measured) -> Distance:
        return (self.serial(deed.device), MOMENTS[deed.moment], 200.0 + deed.value)

    def _sample(self, source: str) -> Any:
        """A good record, to make a bad line from."""
        return {
            "customer": newcomer(self.person(0)).latest,
            "accelerometer": self._motion(Moved(0)),
            "step_trainer": self._distance(Measured(0)),
        }[source]


def precedence(record: Customer) -> tuple:
    """The order in which a person's records count, the current one first: the latest, of two of one
    moment the refusal, then the later consent; beyond that anything that is the same each time."""
    details = (
        record.serial_number, record.customer_name, record.phone, record.birth_day,
        record.registration, record.public, record.friends,
    )  # fmt: skip
    return (
        -record.last_update,
        record.research is not None,
        -(record.research or 0),
        *((detail is not None, detail) for detail in details),
    )
