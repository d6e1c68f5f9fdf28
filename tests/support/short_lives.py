"""Lines that tell a short life in 2024, and what the oracle makes of them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from support.oracle import Line, Rows, tables

ANN, BEN, CAT = "ann@example.com", "ben@example.com", "cat@example.com"
FIRST = datetime(2010, 1, 1)  # how far a first claim reaches back


def at(text: str) -> datetime:
    """A time of 2024, as `03-01` or `03-01 12:00`."""
    return datetime.fromisoformat(f"2024-{text}")


def ms(time: str | int | None) -> int | None:
    """Milliseconds of a time of 2024, or the number itself."""
    if not isinstance(time, str):
        return time
    return round(at(time).replace(tzinfo=UTC).timestamp() * 1000)


def line(source: str, landed: str, text: str) -> Line:
    return Line(source, f"2024-{landed}", "a.json", text)


def says(
    email: str, updated: str | int, consent: str | int | None = None, device: str | None = None,
    landed: str = "06-30", **others: Any,
) -> Line:  # fmt: skip
    """A customer line."""
    fields = {
        "email": email,
        "lastUpdateDate": ms(updated),
        "shareWithResearchAsOfDate": ms(consent),
        "serialNumber": device,
    } | others
    return line("customer", landed, json.dumps(fields, ensure_ascii=False))


def motion(who: str, time: str | int, x: float = 0.5, landed: str = "06-30") -> Line:
    fields = {"user": who, "timestamp": ms(time), "x": x, "y": 0.0, "z": 1.0}
    return line("accelerometer", landed, json.dumps(fields))


def distance(device: str, time: str | int, far: float = 7.0, landed: str = "06-30") -> Line:
    fields = {"sensorReadingTime": ms(time), "serialNumber": device, "distanceFromObject": far}
    return line("step_trainer", landed, json.dumps(fields))


def outcome(lines: list[Line], reading: Line, **options: Any) -> tuple[str | None, str]:
    """Whose a reading is, if it is read beside customer lines, and what becomes of it."""
    found = tables([*lines, reading], **options)["stedi_staging.decisions_by_identifier"]
    (decided,) = map(dict, found)
    return decided["email"], decided["reason"]


def reason(lines: list[Line], time: str, **options: Any) -> str:
    """What becomes of a motion of Ann's."""
    return outcome(lines, motion(ANN, time), **options)[1]


def owner(lines: list[Line], time: str, device: str = "D", **options: Any) -> str:
    """Whose a distance is, or why it is nobody's."""
    person, why = outcome(lines, distance(device, time), **options)
    return person or why


def columns(rows: Rows, names: str) -> list[tuple[Any, ...]]:
    """Some columns of all rows, in order."""
    found = [tuple(dict(each)[name] for name in names.split()) for each in rows.elements()]
    return sorted(found, key=repr)


def moments(lines: list[Line]) -> list[tuple[Any, ...]]:
    """The consent history: from when, consent, unclear."""
    return columns(
        tables(lines)["stedi_audit.consent_history"], "valid_from research_consent_at is_unclear"
    )
