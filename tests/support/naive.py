"""A second reading of a landing zone, by Python's own json and the written definitions alone.

It shares nothing with the generator or the SQL, holds everything in memory, and goes over it again
and again: for small zones. The definitions are those of models/landing/landing.md and of the laws.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

from support.nasty import lines_in

Record = tuple  # of a source: a customer's ten values, or those of a reading
JSON_BLANKS = " \t\n\r"


class Line(NamedTuple):
    """A landed line, and what was read from it: a record, or why there is none."""

    source: str
    date: str
    record: Record | None
    reason: str | None


class Bad(Exception):
    """Its text is the reason for which a line is rejected."""


def _first_of_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return dict(reversed(pairs))


def _no_constant(name: str) -> None:
    raise ValueError(name)


def _object(line: str) -> dict[str, Any]:
    """Strict JSON (RFC 8259), an object, maybe with a comma behind it, and of decent depth."""
    if len(line) > 1000 and len(re.findall(r"[\[{]", line)) > 500:
        raise Bad("not_json")
    try:
        found = json.loads(
            re.sub(r"\s*,\s*$", "", line, flags=re.ASCII),
            object_pairs_hook=_first_of_each,
            parse_constant=_no_constant,
        )
        json.dumps(found, ensure_ascii=False).encode()  # half a surrogate pair is no text
    except ValueError:
        raise Bad("not_json") from None
    if not isinstance(found, dict):
        raise Bad("not_json")
    return found


def _email(value: Any) -> str | None:
    email = value.strip(JSON_BLANKS).lower() if isinstance(value, str) else ""
    return email if re.fullmatch(r"[^@]+@[^@]+", email, re.DOTALL) else None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _serial(value: Any) -> str | None:
    return value if isinstance(value, str) and value.strip(JSON_BLANKS) else None


def _instant(value: Any) -> int | None:
    """Milliseconds from 1970 on and before 2100 (UTC)."""
    return value if type(value) is int and 0 <= value < 4_102_444_800_000 else None


def _number(value: Any) -> float | None:
    return float(value) if type(value) in (int, float) and math.isfinite(value) else None


def _field(found: dict, name: str, read, required: bool = True):
    value = found.get(name)
    if value is None:
        if required:
            raise Bad(f"missing_{name}")
        return None
    typed = read(value)
    if typed is None:
        raise Bad(f"invalid_{name}")
    return typed


def _customer(found: dict) -> Record:
    email = _field(found, "email", _email)
    updated = _field(found, "lastUpdateDate", _instant)
    serial = _field(found, "serialNumber", _serial, required=False)
    research = _field(found, "shareWithResearchAsOfDate", _instant, required=False)
    return (
        email, _text(found.get("customerName")), _text(found.get("phone")),
        _text(found.get("birthDay")), serial, _instant(found.get("registrationDate")), updated,
        research, _instant(found.get("shareWithPublicAsOfDate")),
        _instant(found.get("shareWithFriendsAsOfDate")),
    )  # fmt: skip


def _motion(found: dict) -> Record:
    if found.get("timestamp") is None:
        found = {**found, "timestamp": found.get("timeStamp")}
    who, when = _field(found, "user", _email), _field(found, "timestamp", _instant)
    return (who, when, *(_field(found, axis, _number) for axis in "xyz"))


def _distance(found: dict) -> Record:
    when = _field(found, "sensorReadingTime", _instant)
    serial = _field(found, "serialNumber", _serial)
    return (serial, when, _field(found, "distanceFromObject", _number))


READERS = {"customer": _customer, "accelerometer": _motion, "step_trainer": _distance}


def read_line(source: str, line: str) -> tuple[Record | None, str | None]:
    """The record in a line and None, or None and the reason why there is none."""
    try:
        return READERS[source](_object(line)), None
    except Bad as bad:
        return None, str(bad)


def read_zone(root: Path) -> list[Line]:
    """Every line of a zone in the order of its dates."""
    return [
        Line(source, folder.name.removeprefix("ingest_date="), *read_line(source, line))
        for source in READERS
        for folder in sorted((root / source / "landing").iterdir())
        for path in sorted(folder.iterdir())
        for line in lines_in(path.read_bytes())
    ]


def records(lines: list[Line], source: str) -> list[Record]:
    """The source's different records in the order of their first delivery."""
    return list(dict.fromkeys(x.record for x in lines if x.source == source and x.record))


def reconciliation(lines: list[Line], source: str) -> dict[str, dict[str, int]]:
    """What became of the lines of each date."""
    counts: dict[str, Counter] = {}
    seen = set()
    for line in lines:
        if line.source == source:
            count = counts.setdefault(
                line.date, Counter(landed=0, accepted=0, duplicate=0, rejected=0)
            )
            repeated = line.record in seen
            outcome = "rejected" if line.reason else "duplicate" if repeated else "accepted"
            count.update(("landed", outcome))
            seen.add(line.record)
    return {date: dict(count) for date, count in counts.items()}


def current_customers(lines: list[Line]) -> dict[str, Record]:
    """Each person's latest record; in a tie a refusal, then the later consent."""
    people: dict[str, Record] = {}
    for record in records(lines, "customer"):
        rival = people.setdefault(record[0], record)
        wins_tie = rival[7] is not None and (record[7] is None or record[7] > rival[7])
        if record[6] > rival[6] or (record[6] == rival[6] and wins_tie):
            people[record[0]] = record
    return people


def outcome(people: list[Record], time: int, scope: str, unknown: str) -> str:
    """What becomes of a reading that belongs to these people."""
    if not people:
        return unknown
    if len(people) > 1:
        return "ambiguous_device"
    consent = people[0][7]
    if consent is None:
        return "no_consent"
    return "released" if consent <= time or scope == "any_time" else "before_consent"


def lakehouse(lines: list[Line], scope: str) -> dict[str, Counter]:
    """The rows of trusted and curated under a scope of consent, and the funnel."""
    people = current_customers(lines)
    motions, distances, funnel = [], [], Counter()
    for motion in records(lines, "accelerometer"):
        what = outcome([people[e] for e in motion[:1] if e in people], motion[1], scope,
                       "unknown_person")  # fmt: skip
        funnel["accelerometer", what] += 1
        if what == "released":
            motions.append(motion)
    owners: dict[str, list[Record]] = {}
    for person in people.values():
        owners.setdefault(person[4], []).append(person)
    for serial, time, distance in records(lines, "step_trainer"):
        owner = owners.get(serial, [])
        what = outcome(owner, time, scope, "unknown_device")
        funnel["step_trainer", what] += 1
        if what == "released":
            distances.append((owner[0][0], time, distance))
    met: dict[tuple, list[float]] = {}
    for email, time, distance in distances:
        met.setdefault((email, time), []).append(distance)
    both = {motion[0] for motion in motions} & {distance[0] for distance in distances}
    return {
        "funnel": funnel,
        "customer_trusted": Counter(p for p in people.values() if p[7] is not None),
        "accelerometer_trusted": Counter(motions),
        "step_trainer_trusted": Counter(distances),
        "customers_curated": Counter((email,) for email in both),
        "machine_learning_curated": Counter((*m, min(met[m[:2]])) for m in motions if m[:2] in met),
    }
