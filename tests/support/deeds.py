"""What people of a history tell STEDI, deed by deed.

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
from stedi.synthetic.personas import (
    DAY,
    EARLIEST,
    LAST_MOMENT,
    START,
    email_of,
    newcomer,
    serial_of,
)
from stedi.synthetic.records import SOURCES, Customer, Distance, Motion

PEOPLE = 3  # of a life; the device of the same number is the one that a person has at first
ACCENT = "zo\u00e9."  # begins the email of the last of them, which has two spellings
HOUR = DAY // 24
KEPT = "kept"

# When people practise, and from when on they consent. Records are an hour apart from START on: the
# first and the last millisecond of what they say is among the moments, and of days and months too.
MOMENTS = (
    START + DAY // 4,
    START + DAY // 4 + 1,
    START - 1,
    START,
    START + DAY - 1,
    START + DAY,
    START + DAY // 2,
    START + 31 * DAY - 1,
    START + 31 * DAY,
    START - 20 * DAY,
    EARLIEST,
    *(START + HOUR * hours - before for hours in (1, 2, 3) for before in (1, 0)),
    START + 2 * DAY - 1,
    START + 2 * DAY,
    # no times of any reading
    EARLIEST - 1,
    0,
    LAST_MOMENT,
)
AHEAD = (0, 3, 24_107)  # days by which a clock runs ahead

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

    age: hours by which it is newer than the person's newest record; 0: of the same moment.
    ahead: days by which the clock runs ahead that its time is from.
    consent, device: KEPT; or else the moment of consent, the device, by number; None: no more.
    phone: None: kept, 0: none, else another one. name: the person of this life who has the same
    name from now on; None: kept.
    """

    who: int
    age: int = 1
    consent: str | int | None = KEPT
    device: str | int | None = KEPT
    phone: int | None = None
    form: int = 0
    ahead: int = 0
    name: int | None = None

    def __str__(self) -> str:
        updated = f"{self.age:+d} h" if self.age else "of the same moment"
        changes = [f"record of {person_name(self.who)}, {updated}"]
        if self.ahead:
            changes.append(f"by a clock {self.ahead} days ahead")
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
        if self.name is not None:
            changes.append(f"the name of {person_name(self.name)}")
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
    """A line of a source that no record can be read from, about a person or their first device; a
    customer line is an hour newer than the person's newest record."""

    source: str
    way: int
    who: int = 0

    def __str__(self) -> str:
        who = person_name(self.who)
        return f"{self.source} line of {who}, {bad_reason(self)} (way {self.way})"


Deed = Record | Moved | Measured | Again | Bad
Written = tuple[str, str]  # source, the line with its end


def source_of(deed: Deed) -> str:
    """The source whose files the deed writes to."""
    if isinstance(deed, Again | Bad):
        return deed.source
    return SOURCES[(Record, Moved, Measured).index(type(deed))]


def bad_reason(deed: Bad) -> str:
    """The reason that a bad line is rejected for."""
    return BAD[deed.source][deed.way % len(BAD[deed.source])][0]


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
    """A group of people, and what they have said so far."""

    number: int
    said: dict[str, list[Any]] = field(default_factory=lambda: {source: [] for source in SOURCES})
    # each person's newest record, by the right time
    newest: dict[int, Customer] = field(default_factory=dict)

    def does(self, deed: Deed) -> Iterator[Written]:
        """Takes note of a deed; yields the lines that it delivers."""
        source = source_of(deed)
        if isinstance(deed, Bad):
            _, way = BAD[source][deed.way % len(BAD[source])]
            yield source, way(FIELDS[source](self._sample(deed)))
            return
        record = self._record(deed)
        if record is not None:
            self.said[source].append(record)
            for _ in range(getattr(deed, "copies", 1)):
                yield source, FORMS[deed.form % len(FORMS)](FIELDS[source](record))

    def person(self, who: int) -> int:
        """A person's number among all lives."""
        return 10 * self.number + who + 1

    def email(self, who: int) -> str:
        return (ACCENT if who == PEOPLE - 1 else "") + email_of(self.person(who))

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
        said = self.said[deed.source]
        return said[deed.nth % len(said)] if said else None

    def _update(self, deed: Record) -> Customer:
        newest = self.newest.get(deed.who)
        record = self._next(deed.who, deed.age)
        if deed.consent != KEPT:
            consent = None if deed.consent is None else MOMENTS[deed.consent]
            record = record._replace(research=consent)
        if deed.device != KEPT:
            device = None if deed.device is None else self.serial(deed.device)
            record = record._replace(serial_number=device)
        if deed.phone is not None:
            record = record._replace(phone=f"555{deed.phone:07d}" if deed.phone else None)
        if deed.name is not None:
            name = newcomer(self.person(deed.name)).latest.customer_name
            record = record._replace(customer_name=name)
        if newest is None or record.last_update >= newest.last_update:
            self.newest[deed.who] = record
        return record._replace(last_update=record.last_update + deed.ahead * DAY)

    def _next(self, who: int, age: int) -> Customer:
        """A person's first record, or the newest again some hours later."""
        if (newest := self.newest.get(who)) is not None:
            return newest._replace(last_update=newest.last_update + age * HOUR)
        first = newcomer(self.person(who)).latest
        return first._replace(email=self.email(who), last_update=START)

    def _motion(self, deed: Moved) -> Motion:
        return (self.email(deed.who), MOMENTS[deed.moment], float(deed.value), 0.0, -1.5)

    def _distance(self, deed: Measured) -> Distance:
        return (self.serial(deed.device), MOMENTS[deed.moment], 200.0 + deed.value)

    def _sample(self, deed: Bad) -> Any:
        """A good record, to make a bad line from."""
        if deed.source == "customer":
            return self._next(deed.who, 1)
        if deed.source == "accelerometer":
            return self._motion(Moved(deed.who))
        return self._distance(Measured(deed.who))
