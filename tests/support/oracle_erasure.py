"""What an erasure of people leaves of the landed lines, and their claims, which it remembers."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from support.oracle_lines import (
    BLANKS,
    Customer,
    Line,
    Rejected,
    email_of,
    end_of,
    normal,
    object_in,
    plausible_time,
    read,
    serial_of,
)
from support.oracle_people import Claim, Devices, claims_of, people_of


def claims(lines: Iterable[Line]) -> set[Claim]:
    """All claims of the records in lines, which become tombstones if their people are erased."""
    said = [
        (what, line.ingest_date)
        for line in lines
        if isinstance(what := read(line), Customer | Rejected)
    ]
    return claims_of(people_of(said).values())


def remaining(
    lines: Iterable[Line], emails: Collection[str], tombstones: Iterable[Claim] = ()
) -> list[Line]:
    """The lines that an erasure of people leaves. tombstones: those of earlier erasures."""
    lines, erased = list(lines), frozenset(emails)
    all_claims = claims(lines) | set(tombstones)
    devices = Devices(all_claims)
    theirs_alone = {
        serial
        for serial in {claim.serial_number for claim in all_claims}
        if devices.ever(serial) <= erased
    } - _named_unreadably(lines, erased)

    def is_theirs(line: Line) -> bool:
        found = object_in(line.text)
        if line.source != "step_trainer":
            own = email_of(found.get("email" if line.source == "customer" else "user"))
            return own in erased if own else _names(line.text, erased)
        serial = serial_of(found.get("serialNumber"))
        if serial is None:
            return _names(line.text, erased) or _shows(line.text, theirs_alone)
        if serial in theirs_alone:
            return True
        time = plausible_time(found.get("sensorReadingTime"), end_of(line.ingest_date))
        claimants = set() if time is None else devices.claimants(serial, time)
        return bool(claimants) and claimants <= erased

    return [line for line in lines if not is_theirs(line)]


def _named_unreadably(lines: Iterable[Line], erased: Collection[str]) -> set[str | None]:
    """The serial numbers in customer lines of other people that cannot be read. They claim nothing,
    but nobody knows that the device was not the other person's."""
    found = [
        object_in(line.text)
        for line in lines
        if line.source == "customer" and isinstance(read(line), Rejected)
    ]
    return {
        serial_of(fields.get("serialNumber"))
        for fields in found
        if (email := email_of(fields.get("email"))) and email not in erased
    }


def _names(text: str, emails: Collection[str]) -> bool:
    """Whether one of the emails is in a text, and not as a part of another email."""
    return any(
        re.search(rf"(?<![\w.+-]){re.escape(email)}(?![\w-]|\.\w)", normal(meant))
        for meant in _meanings(text)
        for email in emails
    )


def _shows(text: str, serials: Collection[str]) -> bool:
    """Whether one of the serial numbers is in a text, and not as a part of another."""
    return any(
        re.search(rf"(?<![\w-]){re.escape(serial.strip(BLANKS))}(?![\w-])", meant)
        for meant in _meanings(text)
        for serial in serials
    )


def _meanings(text: str) -> set[str]:
    """What a line may say: also with JSON's codes as letters, and as UTF-8 as far as it is that."""
    found = {text}
    if text.startswith("\ufffd") and all(ord(letter) < 256 for letter in text[1:]):
        found.add(text[1:].encode("latin-1").decode("utf-8", "replace"))
    return found | {_unescaped(each) for each in found}


def _unescaped(text: str) -> str:
    def letter(code: re.Match[str]) -> str:
        return chr(int(code[1][1:], 16)) if len(code[1]) == 5 else code[1]

    found = re.sub(r"\\(u[0-9a-fA-F]{4}|[\"\\/])", letter, text)
    return found.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
