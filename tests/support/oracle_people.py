"""People and devices over time: what everybody said at each moment, and who claims which device."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, NamedTuple

from support.oracle_lines import EARLIEST, Customer, Rejected, end_of, time_of


class Claim(NamedTuple):
    """A person's claim on a device, from `since` on and before `until` (None: still)."""

    email: str
    serial_number: str
    since: int
    until: int | None


@dataclass
class Moment:
    """All that a person said with one effective time.

    records: those with the days on which they first landed; the one that counts is the first.
    unreadable_on: the first day on which an unreadable line of this time landed.
    """

    at: int
    records: list[tuple[Customer, str]]
    unreadable_on: str | None

    @property
    def record(self) -> Customer | None:
        """The record that counts."""
        return self.records[0][0] if self.records else None

    @property
    def is_refusal(self) -> bool:
        return any(record.research_consent_at is None for record, _ in self.records)

    @property
    def is_unclear(self) -> bool:
        return not self.is_refusal and self.unreadable_on is not None

    @property
    def consent(self) -> int | None:
        """From when the person consents; None: not at all."""
        if self.is_refusal or self.is_unclear:
            return None
        return max(record.research_consent_at or 0 for record, _ in self.records)

    @property
    def landed_on(self) -> str:
        """The first day on which something landed that says what the moment says."""
        if self.is_unclear:
            assert self.unreadable_on
            return self.unreadable_on
        return min(day for record, day in self.records
                   if record.research_consent_at == self.consent)  # fmt: skip


@dataclass
class Person:
    """A person that a record or an unreadable line names. moments: at least one, in order."""

    email: str
    moments: list[Moment]

    def next(self, moment: Moment) -> int | None:
        """When the person's next moment is."""
        return min((m.at for m in self.moments if m.at > moment.at), default=None)

    def next_readable(self, moment: Moment) -> int | None:
        """When the person's next moment is that has a record."""
        return min((m.at for m in self.moments if m.at > moment.at and m.records), default=None)

    @property
    def last(self) -> Moment:
        """What the person says now."""
        return self.moments[-1]

    @cached_property
    def record(self) -> Customer | None:
        """The record that counts now."""
        return next((m.record for m in reversed(self.moments) if m.record), None)

    @cached_property
    def refusals(self) -> list[tuple[int, int]]:
        """From when until when a consent was withdrawn or unclear, and no longer is."""
        first_consent = next((m.at for m in self.moments if m.consent is not None), None)
        spans = ((m.at, self.next(m)) for m in self.moments if m.consent is None)
        return [
            (since, until)
            for since, until in spans
            if until is not None and first_consent is not None and since > first_consent
        ]

    @cached_property
    def covered_from(self) -> int | None:
        """From when on consent covers readings, as things are now; None: it covers none."""
        if self.last.consent is None:
            return None
        refused_until = [self.next(m) for m in self.moments if m.consent is None]
        return max([self.last.consent, *(until for until in refused_until if until is not None)])

    def is_minor(self, minimum_age: int) -> bool:
        """Whether the person, who consents now, was too young on the day from which they do."""
        if minimum_age <= 0:
            return False
        assert self.record
        consented_at = time_of(self.last.consent)
        born = self.record.birth_day
        if born is None or consented_at is None:
            return True
        return _years_later(born, minimum_age) > consented_at.date()

    def withheld_for(self, time: int, scope: str, minimum_age: int) -> str | None:
        """Why the person's reading of a time is withheld; None if it is released."""
        if self.last.is_unclear:
            return "consent_unclear"
        if self.covered_from is None:
            return "no_consent"
        if self.is_minor(minimum_age):
            return "minor_at_consent"
        if scope == "any_time":
            return None
        if any(since <= time < until for since, until in self.refusals):
            return "withdrawn_then"
        return "before_consent" if time < self.covered_from else None

    def claims(self) -> list[Claim]:
        """The claims of the person's records; consecutive ones on one device are one."""
        found: list[Claim] = []
        for moment in self.moments:
            if moment.record and (serial := moment.record.serial_number):
                since, until = moment.at, self.next_readable(moment)
                if found and found[-1].until == since and found[-1].serial_number == serial:
                    since = found.pop().since
                found.append(Claim(self.email, serial, since, until))
        return found


def _years_later(day: date, years: int) -> date:
    """The same day years later; the last of February for its 29th."""
    if day.year + years > date.max.year:
        return date.max
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)


def _who_counts_first(record: Customer) -> tuple[Any, ...]:
    """Orders the records of one moment: the smallest one counts."""
    consent = record.research_consent_at
    device, born = record.serial_number, record.birth_day
    others = (
        record.customer_name, record.phone, record.registered_at, record.updated_at,
        record.public_consent_at, record.friends_consent_at,
    )  # fmt: skip
    return (
        (consent is not None, -(consent or 0)),
        (device is not None, device),
        (born is not None, -born.toordinal() if born else 0),  # the youngest
        *((v is not None, v) for v in others),
    )


def people_of(
    said: Iterable[tuple[Customer | Rejected, str]],
) -> dict[str, Person]:
    """Everybody whom customer lines name, by email. said: what lines say, and when they landed."""
    said = list(said)
    landed: dict[tuple[str, int | None], str] = {}  # first, of whatever has one lastUpdateDate
    for what, day in said:
        for email in [what.email] if isinstance(what, Customer) else what.people:
            key = (email, what.updated_at)
            landed[key] = min(day, landed.get(key, day))

    def effective_at(email: str, updated_at: int | None, day: str) -> int:
        if updated_at is None:
            return end_of(day)
        return min(updated_at, end_of(landed[email, updated_at]))

    records: dict[Customer, str] = {}
    unreadable: dict[tuple[str, int], str] = {}
    for what, day in said:
        if isinstance(what, Customer):
            records[what] = min(day, records.get(what, day))
        else:
            for email in what.people:
                at = effective_at(email, what.updated_at, day)
                unreadable[email, at] = min(day, unreadable.get((email, at), day))
    moments: dict[str, dict[int, Moment]] = defaultdict(dict)
    for (email, at), day in unreadable.items():
        moments[email][at] = Moment(at, [], day)
    for record, day in records.items():
        at = effective_at(record.email, record.updated_at, day)
        moments[record.email].setdefault(at, Moment(at, [], None)).records.append((record, day))
    for of_person in moments.values():
        for moment in of_person.values():
            moment.records.sort(key=lambda landed: _who_counts_first(landed[0]))
    return {
        email: Person(email, [of_person[at] for at in sorted(of_person)])
        for email, of_person in moments.items()
    }


def claims_of(people: Iterable[Person]) -> set[Claim]:
    """All claims of people's records, from when they were made."""
    return {claim for person in people for claim in person.claims()}


class Devices:
    """Who claims which device when. living: the claims of records; tombstones: of the erased."""

    def __init__(self, living: Collection[Claim], tombstones: Collection[Claim] = ()) -> None:
        self._living = _reaching_back(living, tombstones)
        self._tombstones = _reaching_back(tombstones, living)

    def ever(self, serial: str) -> set[str]:
        """The people who ever claimed a device."""
        return {c.email for c in self._living[serial] + self._tombstones[serial]}

    def claimants(self, serial: str, time: int) -> set[str]:
        """The people who claim a device at a time."""
        return _covering(self._living[serial] + self._tombstones[serial], time)

    def owner(self, serial: str, time: int) -> str | None:
        """The one person who claims a device at a time, if a record says so: a tombstone names
        nobody."""
        claimants = self.claimants(serial, time)
        named = _covering(self._living[serial], time)
        return min(named) if named and len(claimants) == 1 else None

    def spans(self, serial: str) -> list[tuple[int, int | None, set[str]]]:
        """From when until when the same claims hold on a device, and who makes them."""
        found = self._living[serial] + self._tombstones[serial]
        changes = {claim.since for claim in found} | {claim.until for claim in found} - {None}
        spans: list[tuple[int, int | None, tuple[set[str], set[str]]]] = []
        for since in sorted(time for time in changes if time is not None):
            claims = (
                _covering(self._living[serial], since),
                _covering(self._tombstones[serial], since),
            )
            if spans and spans[-1][2] == claims:
                continue
            if spans:
                spans[-1] = (spans[-1][0], since, spans[-1][2])
            spans.append((since, None, claims))
        return [
            (since, until, living | erased)
            for since, until, (living, erased) in spans
            if living or erased
        ]


def _covering(claims: Iterable[Claim], time: int) -> set[str]:
    return {c.email for c in claims if c.since <= time and (c.until is None or time < c.until)}


def _reaching_back(claims: Collection[Claim], others: Collection[Claim]) -> dict[str, list[Claim]]:
    """Claims by device; the first ever made on a device reach back to the beginning."""
    first: dict[str, int] = {}
    for claim in (*claims, *others):
        first[claim.serial_number] = min(claim.since, first.get(claim.serial_number, claim.since))
    found: dict[str, list[Claim]] = defaultdict(list)
    for claim in set(claims):
        is_first = claim.since == first[claim.serial_number]
        found[claim.serial_number].append(claim._replace(since=EARLIEST) if is_first else claim)
    return found
