"""The life of a device: Ann's, then nobody's, then Ben's; and Ann is erased in the end.

What the tables must hold after each step was worked out by hand.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from stedi.synthetic.lines import customer_line, distance_line, motion_line
from stedi.synthetic.personas import DAY, START, newcomer
from stedi.synthetic.records import Customer
from support.histories import Build, Deliver, History
from support.lakehouse import customer_id
from support.oracle import Rows
from support.replay import Engine

HOUR = DAY // 24
HISTORY = History(tuple(Deliver(()) for _ in range(7)))  # of so many days
Lines = tuple[tuple[str, str], ...]  # source, line
Found = set[tuple[Any, ...]]


def at(day: int, hour: int) -> int:
    """A time of January 2024."""
    return START + (day - 1) * DAY + hour * HOUR


def said(person: Customer, time: int, **changes: Any) -> tuple[str, str]:
    return "customer", customer_line(person._replace(last_update=time, **changes))


def moved(person: Customer, time: int) -> tuple[str, str]:
    return "accelerometer", motion_line((person.email, time, 1.0, 0.0, 0.0))


def measured(time: int, distance: float) -> tuple[str, str]:
    return "step_trainer", distance_line((DEVICE, time, distance))


ANN, BEN = (newcomer(n).latest._replace(research=at(1, 8)) for n in (1, 2))
DEVICE = str(ANN.serial_number)
NAMES = {ANN.email: "Ann", BEN.email: "Ben"}


@dataclass(frozen=True)
class Expected:
    """What tables hold, with names for emails and ids, and times as `day hour`; see `shown`."""

    covered_from: Found
    motions: Found
    distances: Found
    training: Found
    curated: Found
    owners: Found
    decisions: Found


BOTH_CONSENT: Lines = (said(ANN, at(1, 8)), said(BEN, at(1, 8), serial_number=None))
CONSENTED = Expected(
    covered_from={("Ann", "01 08"), ("Ben", "01 08")},
    motions=set(),
    distances=set(),
    training=set(),
    curated=set(),
    owners={("2010", None, 1, "Ann")},
    decisions=set(),
)
# Ben moves at the very millisecond at which Ann's device measures.
ANN_PRACTISES: Lines = (moved(ANN, at(2, 10)), moved(BEN, at(2, 10)), measured(at(2, 10), 201.0))
PRACTISED = replace(
    CONSENTED,
    motions={("Ann", "02 10"), ("Ben", "02 10")},
    distances={("Ann", "02 10", "201.0")},
    training={("Ann", "02 10", "201.0")},
    curated={("Ann", 1, 1)},
    decisions={
        ("accelerometer", "Ann", "released", 1),
        ("accelerometer", "Ben", "released", 1),
        ("step_trainer", "Ann", "released", 1),
    },
)
ANN_WITHDRAWS: Lines = (said(ANN, at(3, 8), research=None, serial_number=None),)
WITHDRAWN = Expected(
    covered_from={("Ben", "01 08")},
    motions={("Ben", "02 10")},
    distances=set(),
    training=set(),
    curated=set(),
    owners={("2010", "03 08", 1, "Ann")},
    decisions={
        ("accelerometer", "Ann", "no_consent", 1),
        ("accelerometer", "Ben", "released", 1),
        ("step_trainer", "Ann", "no_consent", 1),
    },
)
BEN_NAMES_THE_DEVICE: Lines = (said(BEN, at(4, 8), serial_number=DEVICE),)
NAMED = replace(WITHDRAWN, owners={("2010", "03 08", 1, "Ann"), ("04 08", None, 1, "Ben")})
# The device also measured while it was nobody's.
BEN_PRACTISES: Lines = (
    moved(BEN, at(5, 10)), measured(at(5, 10), 202.0), measured(at(3, 9), 203.0),
)  # fmt: skip
BENS = replace(
    NAMED,
    motions={("Ben", "02 10"), ("Ben", "05 10")},
    distances={("Ben", "05 10", "202.0")},
    training={("Ben", "05 10", "202.0")},
    curated={("Ben", 2, 1)},
    decisions={
        ("accelerometer", "Ann", "no_consent", 1),
        ("accelerometer", "Ben", "released", 2),
        ("step_trainer", "Ann", "no_consent", 1),
        ("step_trainer", "Ben", "released", 1),
        ("step_trainer", None, "unknown_device", 1),
    },
)
# What Ann claimed is remembered, and what is hers has gone.
ERASED = replace(
    BENS,
    owners={("2010", "03 08", 1, None), ("04 08", None, 1, "Ben")},
    decisions={
        ("accelerometer", "Ben", "released", 2),
        ("step_trainer", "Ben", "released", 1),
        ("step_trainer", None, "unknown_device", 1),
    },
)
ANNS_READINGS_AGAIN: Lines = (moved(ANN, at(2, 10)), measured(at(2, 10), 201.0))
READINGS_CAME_BACK = replace(
    ERASED,
    decisions={
        ("accelerometer", None, "unknown_person", 1),
        ("accelerometer", "Ben", "released", 2),
        ("step_trainer", "Ben", "released", 1),
        ("step_trainer", None, "unknown_device", 2),
    },
)
ANNS_RECORDS_AGAIN: Lines = (BOTH_CONSENT[0], *ANN_WITHDRAWS)
ANN_CAME_BACK = replace(
    BENS,
    decisions={
        ("accelerometer", "Ann", "erased", 1),
        ("accelerometer", "Ben", "released", 2),
        ("step_trainer", "Ann", "erased", 1),
        ("step_trainer", "Ben", "released", 1),
        ("step_trainer", None, "unknown_device", 1),
    },
)
BEFORE_THE_ERASURE = (
    (BOTH_CONSENT, CONSENTED),
    (ANN_PRACTISES, PRACTISED),
    (ANN_WITHDRAWS, WITHDRAWN),
    (BEN_NAMES_THE_DEVICE, NAMED),
    (BEN_PRACTISES, BENS),
)
AFTER_THE_ERASURE = (
    (ANNS_READINGS_AGAIN, READINGS_CAME_BACK),
    (ANNS_RECORDS_AGAIN, ANN_CAME_BACK),
)


def live(engine: Engine) -> None:
    """Has all of it happen, a step a day, and fails where the tables are not as expected."""
    for day, (lines, expected) in enumerate(BEFORE_THE_ERASURE):
        build(engine, lines, day)
        assert shown(engine.tables()) == expected
    engine.erase([ANN.email])
    assert shown(engine.tables()) == shown(engine.rebuilt("since_consent")) == ERASED
    for day, (lines, expected) in enumerate(AFTER_THE_ERASURE, len(BEFORE_THE_ERASURE)):
        build(engine, lines, day)
        assert shown(engine.tables()) == expected


def build(engine: Engine, lines: Lines, day: int) -> None:
    """Lands lines on a day, and builds."""
    for number, (source, line) in enumerate(lines):
        engine.land(source, f"{source}-{number}.json", line.encode(), HISTORY.dates()[day])
    outcome = engine.build(Build())
    assert outcome.success, outcome.errors


def shown(tables: dict[str, Rows]) -> Expected:
    """What the tables hold, as far as it is looked at here."""

    def of(table: str, *columns: str) -> Found:
        rows = [dict(row) for row in tables[table].elements()]
        found = {tuple(map(_shown, (row[column] for column in columns))) for row in rows}
        assert len(found) == len(rows), f"rows of {table} come twice"
        return found

    return Expected(
        covered_from=of("stedi_trusted.customer_trusted", "customer_id", "covered_from"),
        motions=of("stedi_trusted.accelerometer_trusted", "customer_id", "read_at"),
        distances=of("stedi_trusted.step_trainer_trusted", "customer_id", "read_at", "distance"),
        training=of("stedi_curated.machine_learning_curated", "customer_id", "read_at", "distance"),
        curated=of("stedi_curated.customers_curated", "customer_id", "motion_readings",
                   "distance_readings"),
        owners=of("stedi_staging.device_owners", "owned_from", "owned_until", "claimants",
                  "email"),
        decisions=of("stedi_staging.decisions_by_identifier", "source", "email", "reason",
                     "readings"),
    )  # fmt: skip


def _shown(value: Any) -> Any:
    if isinstance(value, datetime):
        return f"{value:%d %H}" if value.year == 2024 else f"{value:%Y}"
    return (NAMES | {customer_id(email): name for email, name in NAMES.items()}).get(value, value)
