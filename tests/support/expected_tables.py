"""What the tables must hold of the lives of a history, worked out from what was delivered alone.

Trusted, curated and audit are the generator's own expectation (stedi.synthetic.expectation). It
knows little of staging, so the few definitions that it lacks are here. No line is read, no database
asked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import Any

from stedi.synthetic.expectation import (
    Customer,
    Expectation,
    Ledger,
    claimants,
    current_record,
    outcome_in,
)
from support.deeds import PEOPLE, Life, precedence
from support.lakehouse import customer_id

Row = tuple[tuple[str, Any], ...]  # (column, value), in order of the columns' names
Rows = Counter[Row]
KEYS = {
    "stg_accelerometer": ("accelerometer", ("email", "read_at", "x", "y", "z")),
    "stg_step_trainer": ("step_trainer", ("serial_number", "read_at", "distance")),
    "stg_customer_records": (
        "customer",
        ("email", "customer_name", "phone", "birth_day", "serial_number", "registered_at",
         "updated_at", "research_consent_at", "public_consent_at", "friends_consent_at"),
    ),
}  # fmt: skip
PERSON = KEYS["stg_customer_records"][1]


def row(columns: Iterable[str], values: Iterable[Any]) -> Row:
    """A row in a form that rows of every engine have: doubles by their digits."""
    named = zip(columns, values, strict=True)
    cells = ((c, repr(v) if isinstance(v, float) else v) for c, v in named)
    return tuple(sorted(cells))


def expected_tables(
    lives: Iterable[Life], dates: list[str], scope: str, erased: Collection[str] = frozenset()
) -> dict[str, Rows]:
    """The rows of each table `schema.name`, in the columns that are known here.

    dates: the ingest date of each day, by number. erased: emails of people who were erased, and
    what landed of whom, if anything, landed again.
    """
    lives = list(lives)
    found = ledger_of(lives, dates, erased)
    staging = _staging(lives, dates, erased)
    tables = {f"stedi_staging.{name}": rows for name, rows in staging.items()}
    released = found.rows[scope]
    people = [Customer(*person) for person in released.get("customer_trusted", [])]
    tables |= {
        "stedi_trusted.customer_trusted": Counter(map(_person, people)),
        "stedi_trusted.accelerometer_trusted": _identified(
            released, "accelerometer_trusted", "x", "y", "z"
        ),
        "stedi_trusted.step_trainer_trusted": _identified(
            released, "step_trainer_trusted", "distance"
        ),
        "stedi_curated.machine_learning_curated": _identified(
            released, "machine_learning_curated", "x", "y", "z", "distance"
        ),
        "stedi_curated.customers_curated": Counter(_curated(released, people)),
        "stedi_audit.consent_funnel": Counter(
            row(("source", "reason", "readings"), (source, reason, readings))
            for source, reasons in getattr(found, scope)["funnel"].items()
            for reason, readings in reasons.items()
        ),
        "stedi_audit.landing_reconciliation": Counter(
            row(("source", "ingest_date", *counts), (source, _date(day), *counts.values()))
            for source, days in found.landing.items()
            for day, counts in days.items()
        ),
        "stedi_audit.consent_history": Counter(
            state for life in lives for state in _consent_history(life, dates)
        ),
        "stedi_audit.releases": _releases(found, lives, scope),
    }
    return tables


def ledger_of(
    lives: Iterable[Life], dates: list[str], erased: Collection[str] = frozenset()
) -> Expectation:
    """The generator's expectation of the lives, with its rows."""
    ledger = Ledger(keep_rows=True, erased=erased)
    for life in lives:
        for day, source, reason in life.rejected:
            ledger.reject(source, day, reason)
        # The ledger takes the first of records that it holds for equally current.
        records = sorted(life.delivered["customer"], key=lambda came: precedence(came[1]))
        register = ledger.register([(day, [record]) for day, record in records])
        readings = (
            [(day, [reading]) for day, reading in life.delivered[source]]
            for source in ("accelerometer", "step_trainer")
        )
        ledger.curate([ledger.session(register, *readings)])
    return ledger.expectation(dates)


def _staging(lives: list[Life], dates: list[str], erased: Collection[str]) -> dict[str, Rows]:
    people = [person for life in lives for person in _people(life)]
    tables = {
        name: Counter(
            row((*columns, "ingest_date"), (*_typed(columns, record), _date(dates[day])))
            for life in lives
            for record, day in _first_days(life.delivered[source]).items()
        )
        for name, (source, columns) in KEYS.items()
    }
    tables["stg_customers"] = Counter(
        tuple(sorted([*_person(person), ("is_erased", person.email in erased)]))
        for person in people
    )
    tables["stg_devices"] = Counter(
        row(
            ("serial_number", "claimants", "customer_id", "research_consent_at", "is_erased"),
            (serial, len(claims), *_holder(claims), _is_erased(claims, erased)),
        )
        for serial, claims in claimants(people).items()
    )
    tables["rejected_lines"] = Counter(
        row(("source", "ingest_date", "reason"), (source, _date(dates[day]), reason))
        for life in lives
        for day, source, reason in life.rejected
    )
    return tables


def _people(life: Life) -> Iterator[Customer]:
    known = {record.email for _, record in life.delivered["customer"]}
    for who in range(PEOPLE):
        if life.email(who) in known:
            yield life.current(who)


def _first_days(delivered: list[tuple[int, Any]]) -> dict[Any, int]:
    first: dict[Any, int] = {}
    for day, record in delivered:
        first[record] = min(day, first.get(record, day))
    return first


def _holder(claims: list[Customer]) -> tuple[str | None, datetime | None]:
    """Whose device it is, if it is one person's, and since when that person consents."""
    if len(claims) > 1:
        return None, None
    return customer_id(claims[0].email), time_of(claims[0].research)


def _is_erased(claims: list[Customer], erased: Collection[str]) -> bool:
    return len(claims) == 1 and claims[0].email in erased


def _person(person: Customer) -> Row:
    return row(("customer_id", *PERSON), (customer_id(person.email), *_typed(PERSON, person)))


def _identified(released: dict[str, list[tuple]], table: str, *columns: str) -> Rows:
    """Rows of readings, each of which begins with an email and a time."""
    return Counter(
        row(
            ("customer_id", "read_at", *columns),
            (customer_id(email), time_of(time), *map(float, values)),
        )
        for email, time, *values in released.get(table, [])
    )


def _curated(released: dict[str, list[tuple]], people: list[Customer]) -> Iterator[Row]:
    motions = Counter(email for email, *_ in released.get("accelerometer_trusted", []))
    distances = Counter(email for email, *_ in released.get("step_trainer_trusted", []))
    known = {person.email: person for person in people}
    for (email,) in released.get("customers_curated", []):
        person = known[email]
        yield row(
            ("customer_id", "registered_at", "research_consent_at", "motion_readings",
             "distance_readings"),
            (customer_id(email), time_of(person.registration), time_of(person.research),
             motions[email], distances[email]),
        )  # fmt: skip


def _consent_history(life: Life, dates: list[str]) -> Iterator[Row]:
    """What each person's records say of consent to research, from the first moment to the last."""
    for email in {record.email for _, record in life.delivered["customer"]}:
        mine = [came for came in life.delivered["customer"] if came[1].email == email]
        states: list[tuple[int, int | None, int]] = []  # since when, consent, day
        for moment in sorted({record.last_update for _, record in mine}):
            said = [(day, record) for day, record in mine if record.last_update == moment]
            consent = current_record(record for _, record in said).research
            if not states or states[-1][1] != consent:
                day = min(day for day, record in said if record.research == consent)
                states.append((moment, consent, day))
        ends = [moment for moment, *_ in states[1:]]
        for (moment, consent, day), end in zip(states, [*ends, None], strict=True):
            yield row(
                ("customer_id", "valid_from", "valid_to", "research_consent_at", "landed_on"),
                (customer_id(email), time_of(moment), time_of(end), time_of(consent),
                 _date(dates[day])),
            )  # fmt: skip


def _releases(found: Expectation, lives: list[Life], scope: str) -> Rows:
    """What a build notes of everybody's readings; only the columns that are not of the build."""
    people = {person.email: person for life in lives for person in _people(life)}
    counts = Counter(
        (source, email, outcome_in(scope, outcome))
        for source, email, outcome in found.rows["staging"].get("outcomes", [])
    )
    return Counter(
        row(
            ("customer_id", "source", "reason", "research_consent_at", "readings"),
            (email and customer_id(email), source, reason,
             time_of(email and people[email].research), readings),
        )
        for (source, email, reason), readings in counts.items()
    )  # fmt: skip


def _typed(columns: Iterable[str], record: Iterable[Any]) -> Iterator[Any]:
    for column, value in zip(columns, record, strict=True):
        yield time_of(value) if column.endswith("_at") else value


def time_of(milliseconds: int | None) -> datetime | None:
    """Epoch milliseconds as the tables' time, which has no zone."""
    if milliseconds is None:
        return None
    return datetime(1970, 1, 1) + timedelta(milliseconds=milliseconds)


def _date(text: str) -> date:
    return date.fromisoformat(text)
