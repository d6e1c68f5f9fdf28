"""What the lakehouse must make of deliveries, worked out from the definitions and nothing else.

It is the second opinion on the SQL: it knows typed records, never lines, and shares no code with
the models. Times are epoch milliseconds, days are numbers counted from the first day of delivery.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

SOURCES = ("customer", "accelerometer", "step_trainer")
SCOPES = ("since_consent", "any_time")


class Customer(NamedTuple):
    """A typed customer record; the email is in its normal form."""

    email: str
    customer_name: str | None
    phone: str | None
    birth_day: str | None
    serial_number: str | None
    registration: int | None
    last_update: int
    research: int | None
    public: int | None
    friends: int | None


Motion = tuple[str, int, float, float, float]  # email, time, x, y, z
Distance = tuple[str, int, float]  # serial number, time, distance
Row = tuple[Any, ...]
Delivered = list[tuple[int, list[Any]]]  # day of delivery, the records that came


def current_record(records: Iterable[Customer]) -> Customer:
    """The latest of a person's records; on a tie the refusal wins, then the later consent."""
    return max(records, key=lambda r: (r.last_update, r.research is None, r.research or 0))


def claimants(people: Iterable[Customer]) -> dict[str, list[Customer]]:
    """The people whose current record names a device, by its serial number."""
    claims = defaultdict(list)
    for person in people:
        if person.serial_number is not None:
            claims[person.serial_number].append(person)
    return dict(claims)


def motion_outcome(
    person: Customer | None, time: int, erased: Collection[str] = frozenset()
) -> str:
    """What becomes of an accelerometer reading of this person (None: no customer) at `time`."""
    return "unknown_person" if person is None else person_outcome(person, time, erased)


def distance_outcome(
    claims: list[Customer], time: int, erased: Collection[str] = frozenset()
) -> str:
    """What becomes of a step trainer reading of a device that these people claim."""
    if not claims:
        return "unknown_device"
    if len(claims) > 1:
        return "ambiguous_device"
    return person_outcome(claims[0], time, erased)


def person_outcome(person: Customer, time: int, erased: Collection[str]) -> str:
    """What the person says of a reading at `time`: nothing counts of who was erased."""
    return "erased" if person.email in erased else consent_outcome(person, time)


def consent_outcome(person: Customer, time: int) -> str:
    """What the person's consent to research says of a reading at `time`; it counts from `>=`."""
    if person.research is None:
        return "no_consent"
    return "before_consent" if time < person.research else "released"


def outcome_in(scope: str, outcome: str) -> str:
    """The outcome under a consent scope: any_time asks whether there is consent, not since when."""
    return "released" if (scope, outcome) == ("any_time", "before_consent") else outcome


@dataclass
class Expectation:
    """Expected counts, and every expected row where rows were asked for.

    rows: {"staging": {table: [tuple]}, "since_consent": {...}, "any_time": {...}}, or None.
    """

    landing: dict[str, dict[str, dict[str, int]]]
    rejected: dict[str, dict[str, int]]
    staging: dict[str, int]
    since_consent: dict[str, dict[str, Any]]
    any_time: dict[str, dict[str, Any]]
    rows: dict[str, dict[str, list[Row]]] | None = None

    def as_json(self) -> dict[str, Any]:
        """The counts as plain dictionaries, without the rows."""
        return {name: value for name, value in vars(self).items() if name != "rows"}


class Register(NamedTuple):
    """The people of a neighbourhood, by email, and the claims on devices, by serial number."""

    people: dict[str, Customer]
    claims: dict[str, list[Customer]]


class Ledger:
    """Counts what must come of deliveries, neighbourhood by neighbourhood.

    Nothing of a neighbourhood (people, devices) or of a session (the readings of a person's
    stretch of time, with all their deliveries) may turn up in another one: then each can be
    judged by itself and forgotten, however much is delivered in all.
    """

    def __init__(self, keep_rows: bool = False, erased: Collection[str] = frozenset()) -> None:
        """erased: emails of people who were erased, and are withheld if they come back."""
        self.erased = frozenset(erased)
        self.landed: dict[str, Counter[int]] = {source: Counter() for source in SOURCES}
        self.accepted: dict[str, Counter[int]] = {source: Counter() for source in SOURCES}
        self.refused: dict[str, Counter[int]] = {source: Counter() for source in SOURCES}
        self.reasons: dict[str, Counter[str]] = {source: Counter() for source in SOURCES}
        self.people = 0
        self.outcomes: dict[str, Counter[str]] = {source: Counter() for source in SOURCES[1:]}
        self.tables: dict[str, Counter[str]] = {scope: Counter() for scope in SCOPES}
        self.rows: dict[str, defaultdict[str, list[Row]]] | None = None
        if keep_rows:
            self.rows = {part: defaultdict(list) for part in ("staging", *SCOPES)}

    def reject(self, source: str, day: int, reason: str) -> None:
        """Takes note of a line that no record can be read from."""
        self.landed[source][day] += 1
        self.refused[source][day] += 1
        self.reasons[source][reason] += 1

    def register(self, delivered: Delivered) -> Register:
        """Takes the customer records of a neighbourhood; returns who lives there."""
        records = defaultdict(list)
        for record in self._accept("customer", delivered):
            records[record.email].append(record)
        people = {email: current_record(known) for email, known in records.items()}
        consenting = [
            person
            for person in people.values()
            if person.research is not None and person.email not in self.erased
        ]
        self.people += len(people)
        self._keep("staging", "stg_customers", people.values())
        for scope in SCOPES:
            self._fill(scope, "customer_trusted", consenting)
        return Register(people, claimants(people.values()))

    def session(
        self, register: Register, motions: Delivered, distances: Delivered
    ) -> dict[str, tuple[set[str], set[str]]]:
        """Takes the readings of a session; returns by scope who has released motion, distance."""
        moved, measured = [], []
        for motion in self._accept("accelerometer", motions):
            email, time, *_ = motion
            outcome = motion_outcome(register.people.get(email), time, self.erased)
            self.outcomes["accelerometer"][outcome] += 1
            whose = None if outcome == "unknown_person" else email
            self._keep("staging", "outcomes", [("accelerometer", whose, outcome)])
            moved.append((outcome, motion))
        for serial, time, distance in self._accept("step_trainer", distances):
            claims = register.claims.get(serial, [])
            outcome = distance_outcome(claims, time, self.erased)
            self.outcomes["step_trainer"][outcome] += 1
            owner = claims[0].email if claims else None
            whose = owner if len(claims) == 1 else None
            self._keep("staging", "outcomes", [("step_trainer", whose, outcome)])
            measured.append((outcome, (owner, time, distance)))
        return {scope: self._release(scope, moved, measured) for scope in SCOPES}

    def curate(self, released: Iterable[dict[str, tuple[set[str], set[str]]]]) -> None:
        """Takes what the sessions of one neighbourhood returned: who has both, is curated."""
        people: dict[str, tuple[set[str], set[str]]] = {s: (set(), set()) for s in SCOPES}
        for session in released:
            for scope, (moved, measured) in session.items():
                people[scope][0].update(moved)
                people[scope][1].update(measured)
        for scope, (moved, measured) in people.items():
            self._fill(scope, "customers_curated", [(email,) for email in moved & measured])

    def expectation(self, dates: list[str]) -> Expectation:
        """The sum of it all. dates: the ingest date of each day."""
        rows = None
        if self.rows is not None:
            rows = {part: dict(tables) for part, tables in self.rows.items()}
        return Expectation(
            landing={source: self._reconciliation(source, dates) for source in SOURCES},
            rejected={source: dict(self.reasons[source]) for source in SOURCES},
            staging={
                "stg_customers": self.people,
                "stg_accelerometer": self.accepted["accelerometer"].total(),
                "stg_step_trainer": self.accepted["step_trainer"].total(),
                "rejected_lines": sum(refused.total() for refused in self.refused.values()),
            },
            since_consent=self._judged("since_consent"),
            any_time=self._judged("any_time"),
            rows=rows,
        )

    def _judged(self, scope: str) -> dict[str, Any]:
        return {"tables": dict(self.tables[scope]), "funnel": self._funnel(scope)}

    def _accept(self, source: str, delivered: Delivered) -> Iterable[Any]:
        """The records without their duplicates; each counts on the day it first came."""
        first_day: dict[Any, int] = {}
        for day, records in delivered:
            self.landed[source][day] += len(records)
            for record in records:
                if first_day.setdefault(record, day) > day:
                    first_day[record] = day
        self.accepted[source].update(first_day.values())
        return first_day

    def _release(
        self, scope: str, moved: list[Any], measured: list[Any]
    ) -> tuple[set[str], set[str]]:
        """Fills the trusted and curated readings; returns who has motion, who has distance."""
        motions = [m for outcome, m in moved if outcome_in(scope, outcome) == "released"]
        distances = [d for outcome, d in measured if outcome_in(scope, outcome) == "released"]
        smallest: dict[tuple[str, int], float] = {}
        for owner, time, distance in distances:
            smallest[owner, time] = min(distance, smallest.get((owner, time), distance))
        met = [(*motion, smallest[motion[:2]]) for motion in motions if motion[:2] in smallest]
        self._fill(scope, "accelerometer_trusted", motions)
        self._fill(scope, "step_trainer_trusted", distances)
        self._fill(scope, "machine_learning_curated", met)
        return {motion[0] for motion in motions}, {owner for owner, *_ in distances}

    def _fill(self, scope: str, table: str, rows: Collection[Row]) -> None:
        self.tables[scope][table] += len(rows)
        self._keep(scope, table, rows)

    def _keep(self, part: str, table: str, rows: Iterable[Row]) -> None:
        if self.rows is not None:
            self.rows[part][table].extend(map(tuple, rows))

    def _reconciliation(self, source: str, dates: list[str]) -> dict[str, dict[str, int]]:
        counts = {}
        for day in sorted(self.landed[source]):
            landed = self.landed[source][day]
            accepted = self.accepted[source][day]
            rejected = self.refused[source][day]
            counts[dates[day]] = {
                "landed": landed,
                "accepted": accepted,
                "duplicate": landed - accepted - rejected,
                "rejected": rejected,
            }
        return counts

    def _funnel(self, scope: str) -> dict[str, dict[str, int]]:
        funnel: dict[str, Counter[str]] = {source: Counter() for source in self.outcomes}
        for source, outcomes in self.outcomes.items():
            for outcome, readings in outcomes.items():
                funnel[source][outcome_in(scope, outcome)] += readings
        return {source: dict(outcomes) for source, outcomes in funnel.items()}
