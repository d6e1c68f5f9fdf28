"""Landed lines and what each of them says, read by Python from the written definitions alone.

The definitions are those of models/landing/landing.md. Times are milliseconds since 1970 (UTC),
days are texts as in the names of folders. Nothing here comes from the SQL or from `scripts/`.
"""

from __future__ import annotations

import gzip
import json
import math
import re
import unicodedata
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from support.nasty import lines_in

SOURCES = ("customer", "accelerometer", "step_trainer")
BLANKS = " \t\n\r"
SEPARATORS = " \t,[]\x1e"  # of records in a line
DAY = 86_400_000
EPOCH = datetime(1970, 1, 1)
EARLIEST = 1_262_304_000_000  # 2010-01-01
LATEST = 4_102_444_799_999  # the last millisecond of 2099

# Invisible characters and look-alikes of "@": first and last code point of each range.
NOT_IN_EMAILS = [
    (0x0001, 0x001F), (0x007F, 0x00A0), (0x00AD, 0x00AD), (0x034F, 0x034F), (0x061C, 0x061C),
    (0x115F, 0x1160), (0x1680, 0x1680), (0x17B4, 0x17B5), (0x180B, 0x180F), (0x2000, 0x200F),
    (0x2028, 0x202F), (0x205F, 0x206F), (0x3000, 0x3000), (0x3164, 0x3164), (0xFE00, 0xFE0F),
    (0xFE6B, 0xFE6B), (0xFEFF, 0xFEFF), (0xFF20, 0xFF20), (0xFFA0, 0xFFA0), (0xFFF0, 0xFFF8),
    (0xE0000, 0xE0FFF),
]  # fmt: skip
EMAIL_IN_NO_JSON = re.compile(r'(?="email"[ \t\r\n]*:[ \t\r\n]*"([^"\\]*)")')


class Line(NamedTuple):
    """A landed line: its text as staging has it, without its end."""

    source: str
    ingest_date: str
    file_name: str
    text: str


class Customer(NamedTuple):
    """A record: a customer line that could be read."""

    email: str
    customer_name: str | None
    phone: str | None
    birth_day: date | None
    serial_number: str | None
    registered_at: int | None
    updated_at: int
    research_consent_at: int | None
    public_consent_at: int | None
    friends_consent_at: int | None


class Motion(NamedTuple):
    """A reading of the accelerometer."""

    email: str
    read_at: int
    x: float
    y: float
    z: float


class Distance(NamedTuple):
    """A reading of a device."""

    serial_number: str
    read_at: int
    distance: float


class Rejected(NamedTuple):
    """A line that could not be read. people: whom a customer line names, who consent to nothing
    from then on that is clear. updated_at: when, if the line says it."""

    reason: str
    people: frozenset[str] = frozenset()
    updated_at: int | None = None


class Bad(Exception):
    """Its text is the reason for which a line is rejected."""


def time_of(milliseconds: int | None) -> datetime | None:
    """A time as the tables have it."""
    return None if milliseconds is None else EPOCH + timedelta(milliseconds=milliseconds)


@cache
def end_of(day: str) -> int:
    """The last millisecond of a day."""
    midnight = datetime.fromisoformat(day).replace(tzinfo=UTC)
    return int(midnight.timestamp()) * 1000 + DAY - 1


def landed_lines(root: Path) -> list[Line]:
    """All lines that have landed, by source, day and file."""
    return [
        Line(source, folder.name.removeprefix("ingest_date="), path.name, text)
        for source in SOURCES
        for folder in sorted((root / source / "landing").glob("ingest_date=*"))
        for path in sorted(folder.iterdir())
        if not path.name.startswith((".", "_"))
        for text in lines_in(_content(path))
    ]


def _content(path: Path) -> bytes:
    content = path.read_bytes()
    return gzip.decompress(content) if path.name.endswith(".gz") else content


def read(line: Line) -> Customer | Motion | Distance | Rejected:
    """What a line says."""
    if line.source == "customer":
        return _customer(line)
    try:
        found = _object(line.text)
        last = end_of(line.ingest_date)
        return _motion(found, last) if line.source == "accelerometer" else _distance(found, last)
    except Bad as bad:
        return Rejected(str(bad))


def object_in(text: str) -> dict[str, Any]:
    """The JSON object that a line is, an empty one if it is none."""
    try:
        return _object(text)
    except Bad:
        return {}


def records_of(line: Line) -> list[Line]:
    """A line's objects, each as a line of its own, if it is not one object but begins with some: an
    array, or several one after the other. An erasure takes each for a record; the build none."""
    if object_in(line.text):
        return [line]
    found, rest = [], line.text.lstrip(SEPARATORS + "\ufeff")
    while rest.startswith("{"):
        try:
            _, end = json.JSONDecoder().raw_decode(rest)
        except (ValueError, RecursionError):
            break
        found.append(line._replace(text=rest[:end]))
        rest = rest[end:].lstrip(SEPARATORS)
    return found or [line]


def _object(text: str) -> dict[str, Any]:
    """Strict JSON (RFC 8259), an object, maybe with a comma behind it, and of decent depth.

    Of equal keys the first counts. Every number is a double, and thus the only kind of float.
    """
    if len(text) > 1000 and len(re.findall(r"[\[{]", text)) > 500:
        raise Bad("not_json")
    try:
        found = json.loads(
            _without_comma(text),
            object_pairs_hook=lambda pairs: dict(reversed(pairs)),
            parse_constant=_no_constant,
            parse_int=float,
        )
        if "\\u" in text:
            json.dumps(found, ensure_ascii=False).encode()  # half a surrogate pair is no text
    except (ValueError, RecursionError):
        raise Bad("not_json") from None
    if not isinstance(found, dict):
        raise Bad("not_json")
    return found


def _without_comma(text: str) -> str:
    """A line without the one comma that may be behind its object."""
    return text.rstrip(" \t").removesuffix(",")


def _no_constant(name: str) -> None:
    raise ValueError(name)


@cache
def normal(text: str) -> str:
    """Lower case letter by letter, whatever stands around it, and composed characters."""
    composed = unicodedata.normalize("NFC", text)
    lower = "".join("i" if letter == "İ" else letter.lower() for letter in composed)
    return unicodedata.normalize("NFC", lower)


def email_of(value: Any) -> str | None:
    """An email in its normal form; None for what is no valid one."""
    return _valid(normal(value.strip(BLANKS))) if isinstance(value, str) else None


@cache
def _valid(email: str) -> str | None:
    invisible = any(a <= ord(letter) <= b for letter in email for a, b in NOT_IN_EMAILS)
    before, at, behind = email.partition("@")
    return email if before and at and behind and "@" not in behind and not invisible else None


def serial_of(value: Any) -> str | None:
    """A serial number, exactly as written; None for what is none."""
    return value if isinstance(value, str) and value.strip(BLANKS) else None


def whole_number(value: Any) -> int | None:
    """A number that is a whole one, in any spelling."""
    return int(value) if isinstance(value, float) and value.is_integer() else None


def plausible_time(value: Any, last: int) -> int | None:
    """A time from 2010 on and up to `last`, the end of the day on which its line landed."""
    time = whole_number(value)
    return time if time is not None and EARLIEST <= time <= last else None


def _update(value: Any) -> int | None:
    """A lastUpdateDate, which may lie ahead."""
    time = whole_number(value)
    return min(time, LATEST) if time is not None and time >= EARLIEST else None


def _number(value: Any) -> float | None:
    return value if isinstance(value, float) and math.isfinite(value) else None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _phone(value: Any) -> str | None:
    """A text, or the digits of a number that a double holds exactly."""
    number = whole_number(value)
    return str(number) if number is not None and 0 <= number < 2**53 else _text(value)


def _birth_day(value: Any) -> date | None:
    if not isinstance(value, str) or not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None


def _required(name: str, value: Any, typed: Any) -> Any:
    if value is None:
        raise Bad(f"missing_{name}")
    return _optional(name, value, typed)


def _optional(name: str, value: Any, typed: Any) -> Any:
    if value is not None and typed is None:
        raise Bad(f"invalid_{name}")
    return typed


def _customer(line: Line) -> Customer | Rejected:
    last = end_of(line.ingest_date)
    try:
        found = _object(line.text)
    except Bad as bad:
        return Rejected(str(bad), named_in(line.text))
    email = email_of(found.get("email"))
    updated = _update(found.get("lastUpdateDate"))
    serial = serial_of(found.get("serialNumber"))
    consent = plausible_time(found.get("shareWithResearchAsOfDate"), last)
    try:
        _required("email", found.get("email"), email)
        _required("lastUpdateDate", found.get("lastUpdateDate"), updated)
        _optional("serialNumber", found.get("serialNumber"), serial)
        _optional("shareWithResearchAsOfDate", found.get("shareWithResearchAsOfDate"), consent)
    except Bad as bad:
        if email is None:
            return Rejected(str(bad), named_in(line.text))
        return Rejected(str(bad), frozenset({email}), updated)
    assert email is not None and updated is not None
    return Customer(
        email, _text(found.get("customerName")), _phone(found.get("phone")),
        _birth_day(found.get("birthDay")), serial,
        plausible_time(found.get("registrationDate"), last), updated, consent,
        plausible_time(found.get("shareWithPublicAsOfDate"), last),
        plausible_time(found.get("shareWithFriendsAsOfDate"), last),
    )  # fmt: skip


def named_in(text: str) -> frozenset[str]:
    """Whom a line names that does not say it where it should."""
    emails = (email_of(found) for found in EMAIL_IN_NO_JSON.findall(text))
    return frozenset(email for email in emails if email)


def _motion(found: dict[str, Any], last: int) -> Motion:
    time = found.get("timestamp")
    time = found.get("timeStamp") if time is None else time
    return Motion(
        _required("user", found.get("user"), email_of(found.get("user"))),
        _required("timestamp", time, plausible_time(time, last)),
        *(_required(axis, found.get(axis), _number(found.get(axis))) for axis in "xyz"),
    )


def _distance(found: dict[str, Any], last: int) -> Distance:
    time, serial = found.get("sensorReadingTime"), found.get("serialNumber")
    distance = found.get("distanceFromObject")
    read_at = _required("sensorReadingTime", time, plausible_time(time, last))
    return Distance(
        _required("serialNumber", serial, serial_of(serial)),
        read_at,
        _required("distanceFromObject", distance, _number(distance)),
    )
