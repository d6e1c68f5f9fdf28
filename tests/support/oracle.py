"""The oracle: what every table must hold, worked out from landed lines by the written laws alone.

It shares nothing with the SQL, with the generator of deliveries, or with `scripts/`. It is simple
rather than fast: it holds everything in memory, and goes person by person and device by device.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import date
from functools import cached_property
from typing import Any

from support.oracle_decisions import Decided
from support.oracle_erasure import claims, remaining
from support.oracle_lines import (
    Customer,
    Distance,
    Line,
    Motion,
    Rejected,
    landed_lines,
    time_of,
)
from support.oracle_people import Claim, Moment, Person

__all__ = [
    "Claim", "Line", "Row", "Rows", "claims", "landed_lines", "remaining", "row", "tables",
    "time_of",
]  # fmt: skip

Row = tuple[tuple[str, Any], ...]  # (column, value) in order of the columns' names
Rows = Counter[Row]

RECORD = (
    "customer_name", "phone", "birth_day", "serial_number", "registered_at", "updated_at",
    "research_consent_at", "public_consent_at", "friends_consent_at",
)  # fmt: skip


def row(columns: Sequence[str], values: Sequence[Any]) -> Row:
    """A row to compare: doubles as text, of which no two that differ are equal; -0.0 is 0.0."""
    shown = (repr(value + 0.0) if isinstance(value, float) else value for value in values)
    return tuple(sorted(zip(columns, shown, strict=True), key=lambda cell: cell[0]))


def rows(columns: str, found: Iterable[Sequence[Any]]) -> Rows:
    """Rows to compare. columns: their names, with blanks between them."""
    names = columns.split()
    return Counter(row(names, values) for values in found)


def _counted(columns: str, found: Iterable[tuple[Any, ...]]) -> Rows:
    """Rows to compare of which the last column says how often the others were found."""
    return rows(columns, ((*values, number) for values, number in Counter(found).items()))


def tables(
    lines: Iterable[Line],
    scope: str = "since_consent",
    erased: Collection[str] = (),
    tombstones: Collection[Claim] = (),
    minimum_age: int = 0,
) -> dict[str, Rows]:
    """The rows of every table, by `schema.name`.

    erased: emails of the people who must not come back. tombstones: claims of people who were
    erased.
    """
    found = _Tables(list(lines), scope, frozenset(erased), frozenset(tombstones), minimum_age)
    return {
        f"{schema}.{name}": getattr(found, name)()
        for schema, names in {
            "stedi_staging": (
                "stg_customer_records", "stg_customers", "refusals", "device_owners",
                "stg_accelerometer", "stg_step_trainer", "rejected_lines", "decisions_by_day",
                "decisions_by_month", "decisions_by_identifier",
            ),
            "stedi_trusted": ("customer_trusted", "accelerometer_trusted", "step_trainer_trusted"),
            "stedi_curated": ("machine_learning_curated", "customers_curated"),
            "stedi_audit": (
                "landing_reconciliation", "consent_funnel", "consent_history", "releases",
            ),
        }.items()
        for name in names
    }  # fmt: skip


class _Tables(Decided):
    """A method without `_` gives the rows of the table of its name."""

    # Staging

    def stg_customer_records(self) -> Rows:
        found: list[Sequence[Any]] = []
        for person in self.people.values():
            for moment in person.moments:
                at, unclear = time_of(moment.at), moment.is_unclear
                following = time_of(person.next(moment))
                readable = time_of(person.next_readable(moment))
                for number, (record, day) in enumerate(moment.records):
                    ends = (at, at) if number else (following, readable)
                    found.append((person.email, _day(day), True, at, *ends, unclear,
                                  *_values(record)))  # fmt: skip
                if moment.unreadable_on:
                    superseded = at if moment.records else following
                    found.append((person.email, _day(moment.unreadable_on), False, at, superseded,
                                  at, unclear, *_values(None)))  # fmt: skip
        return rows(
            "email ingest_date is_readable effective_at superseded_at claimed_until is_unclear "
            + " ".join(RECORD),
            found,
        )

    def stg_customers(self) -> Rows:
        return rows(
            " ".join(("customer_id", "email", *RECORD, "covered_from", "is_unclear", "is_erased")),
            ((*self._customer(p), p.last.is_unclear, p.email in self.erased)
             for p in self.people.values()),
        )  # fmt: skip

    def _customer(self, person: Person) -> tuple[Any, ...]:
        covered_from = time_of(person.covered_from)
        return (self.ids[person.email], person.email, *_values(person.record), covered_from)

    def refusals(self) -> Rows:
        return rows(
            "email refused_from refused_until",
            ((person.email, time_of(since), time_of(until))
             for person in self.people.values() for since, until in person.refusals),
        )  # fmt: skip

    def device_owners(self) -> Rows:
        return rows(
            "serial_number owned_from owned_until claimants email",
            (
                (serial, time_of(since), time_of(until), len(claimants),
                 self.devices.owner(serial, since))
                for serial in self.claimed
                for since, until, claimants in self.devices.spans(serial)
            ),
        )  # fmt: skip

    def stg_accelerometer(self) -> Rows:
        return rows(
            "email read_at x y z ingest_date",
            ((m.email, time_of(m.read_at), m.x, m.y, m.z, _day(day))
             for m, day in self.motions.items()),
        )  # fmt: skip

    def stg_step_trainer(self) -> Rows:
        return rows(
            "serial_number read_at distance ingest_date",
            ((d.serial_number, time_of(d.read_at), d.distance, _day(day))
             for d, day in self.distances.items()),
        )  # fmt: skip

    def rejected_lines(self) -> Rows:
        return rows(
            "source ingest_date file_name reason raw_line",
            ((line.source, _day(line.ingest_date), line.file_name, what.reason, line.text)
             for line, what in self.read if isinstance(what, Rejected)),
        )  # fmt: skip

    def decisions_by_day(self) -> Rows:
        return self._decided("ingest_date", lambda day: (day,))

    def decisions_by_month(self) -> Rows:
        return self._decided("ingest_month", lambda day: (day.replace(day=1),))

    def decisions_by_identifier(self) -> Rows:
        return self._decided("", lambda day: ())

    def _decided(self, period: str, period_of: Any) -> Rows:
        return _counted(
            f"{period} source identifier email reason readings",
            (
                (*period_of(_day(day)), _source(reading), reading[0],
                 person.email if person else None, reason)
                for reading, day, person, reason in self.decisions
            ),
        )  # fmt: skip

    # Trusted and curated

    @cached_property
    def _trusted(self) -> list[Person]:
        return [
            person
            for email, person in self.people.items()
            if person.covered_from is not None
            and email not in self.erased
            and not person.is_minor(self.minimum_age)
        ]

    def customer_trusted(self) -> Rows:
        return rows(
            " ".join(("customer_id", "email", *RECORD, "covered_from")),
            map(self._customer, self._trusted),
        )

    def accelerometer_trusted(self) -> Rows:
        return rows(
            "ingest_date customer_id read_at x y z",
            ((_day(day), self.ids[email], time_of(m.read_at), m.x, m.y, m.z)
             for m, day, email in self.released(Motion)),
        )  # fmt: skip

    def step_trainer_trusted(self) -> Rows:
        return rows(
            "ingest_date customer_id read_at distance",
            ((_day(day), self.ids[email], time_of(d.read_at), d.distance)
             for d, day, email in self.released(Distance)),
        )  # fmt: skip

    def machine_learning_curated(self) -> Rows:
        met: dict[tuple[str, int], list[float]] = defaultdict(list)
        for distance, _, email in self.released(Distance):
            met[email, distance.read_at].append(distance.distance)
        return rows(
            "customer_id read_at x y z distance",
            (
                (self.ids[email], time_of(m.read_at), m.x, m.y, m.z, min(met[email, m.read_at]))
                for m, _, email in self.released(Motion)
                if (email, m.read_at) in met
            ),
        )

    def customers_curated(self) -> Rows:
        motions = Counter(email for _, _, email in self.released(Motion))
        distances = Counter(email for _, _, email in self.released(Distance))
        found = []
        for person in self._trusted:
            if motions[person.email] and distances[person.email] and person.record:
                registered = time_of(person.record.registered_at)
                covered = time_of(person.covered_from)
                found.append((
                    self.ids[person.email], registered and registered.date(),
                    covered and covered.date(), motions[person.email], distances[person.email],
                ))  # fmt: skip
        return rows(
            "customer_id registered_on covered_from_day motion_readings distance_readings", found
        )

    # Audit

    def landing_reconciliation(self) -> Rows:
        landed = Counter((line.source, line.ingest_date) for line in self.lines)
        rejected = Counter((line.source, line.ingest_date) for line, what in self.read
                           if isinstance(what, Rejected))  # fmt: skip
        accepted = (
            Counter(("customer", day) for day in self.customers.values())
            + Counter(("accelerometer", day) for day in self.motions.values())
            + Counter(("step_trainer", day) for day in self.distances.values())
        )
        return rows(
            "source ingest_date landed accepted duplicate rejected",
            ((key[0], _day(key[1]), number, accepted[key],
              number - accepted[key] - rejected[key], rejected[key])
             for key, number in landed.items()),
        )  # fmt: skip

    def consent_funnel(self) -> Rows:
        return _counted(
            "source reason readings",
            ((_source(reading), reason) for reading, _, _, reason in self.decisions),
        )

    def consent_history(self) -> Rows:
        found: list[Sequence[Any]] = []
        for person in self.people.values():
            changes: list[Moment] = []
            for moment in person.moments:
                if not changes or _says(moment) != _says(changes[-1]):
                    changes.append(moment)
            ends = [time_of(moment.at) for moment in changes[1:]]
            for moment, end in zip(changes, [*ends, None], strict=True):
                found.append((
                    self.ids[person.email], time_of(moment.at), end, time_of(moment.consent),
                    moment.is_unclear, _day(moment.landed_on),
                ))  # fmt: skip
        return rows(
            "customer_id valid_from valid_to research_consent_at is_unclear landed_on", found
        )

    def releases(self) -> Rows:
        return _counted(
            "customer_id covered_from source reason readings",
            (
                (self.ids[person.email] if person else None,
                 time_of(person.covered_from) if person else None, _source(reading), reason)
                for reading, _, person, reason in self.decisions
            ),
        )  # fmt: skip


def _day(day: str) -> date:
    return date.fromisoformat(day)


def _source(reading: Motion | Distance) -> str:
    return "accelerometer" if isinstance(reading, Motion) else "step_trainer"


def _values(record: Customer | None) -> tuple[Any, ...]:
    """The values of a record's columns in RECORD, null where there is none."""
    values = (getattr(record, column, None) for column in RECORD)
    return tuple(time_of(value) if isinstance(value, int) else value for value in values)


def _says(moment: Moment) -> tuple[int | None, bool]:
    return moment.consent, moment.is_unclear
