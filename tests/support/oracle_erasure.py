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
    named_in,
    normal,
    object_in,
    plausible_time,
    read,
    records_of,
    serial_of,
)
from support.oracle_people import Claim, Devices, claims_of, people_of


def claims(lines: Iterable[Line]) -> set[Claim]:
    """All claims of the records in lines, which become tombstones if their people are erased."""
    said = [
        (what, line.ingest_date)
        for landed in lines
        for line in records_of(landed)
        if isinstance(what := read(line), Customer | Rejected)
    ]
    return claims_of(people_of(said).values())


def remaining(
    lines: Iterable[Line], emails: Collection[str], tombstones: Iterable[Claim] = ()
) -> list[Line]:
    """The lines that an erasure of people leaves. tombstones: those of earlier erasures.

    A line of several records must have all of them of one person and moment.
    """
    landed, erased, tombstones = list(lines), frozenset(emails), set(tombstones)
    lines = [record for line in landed for record in records_of(line)]
    landed_claims = claims(lines)
    all_claims = landed_claims | tombstones
    devices = Devices(all_claims)
    theirs_alone = {
        serial
        for serial in {claim.serial_number for claim in all_claims}
        if devices.ever(serial) <= erased
    } - _named_unreadably(lines, erased)
    claimed = {claim.serial_number for claim in landed_claims if claim.email in erased}
    former = {claim.serial_number for claim in tombstones if claim.email in erased}
    others = _longer_emails(lines, erased)
    people = _Described(lines, erased, others)

    def is_theirs(line: Line) -> bool:
        found = object_in(line.text)
        serial = serial_of(found.get("serialNumber"))
        if line.source != "step_trainer":
            if own := _owner(line):
                return own in erased
            if line.source == "customer" and named_in(line.text) - erased:
                return _names(line.text, erased, others)  # it suspends somebody else's consent
            return (
                _names(line.text, erased, others)
                or serial in claimed | former
                or _shows(line.text, claimed)
                or people.are_described_by(line)
            )
        if serial is None:
            return (
                _names(line.text, erased, others)
                or _shows(line.text, theirs_alone)
                or people.are_described_by(line)
            )
        if serial in theirs_alone:
            return True
        time = plausible_time(found.get("sensorReadingTime"), end_of(line.ingest_date))
        claimants = set() if time is None else devices.claimants(serial, time)
        return bool(claimants) and claimants <= erased

    return [line for line in landed if not all(map(is_theirs, records_of(line)))]


def _owner(line: Line) -> str | None:
    """The email in the field that says whose a customer or accelerometer line is."""
    return email_of(object_in(line.text).get("email" if line.source == "customer" else "user"))


def _longer_emails(lines: Iterable[Line], erased: Collection[str]) -> set[str]:
    """Emails of other people that have one of these in them."""
    owners = {_owner(line) for line in lines if line.source != "step_trainer"} - {None, *erased}
    return {owner for owner in owners if any(email in owner for email in erased)}


class _Described:
    """The names and phones in the lines of people, or in lines of nobody that name them."""

    def __init__(
        self, lines: Iterable[Line], erased: Collection[str], others: Collection[str]
    ) -> None:
        self._names: set[str] = set()
        self._phones: set[str] = set()
        for line in lines:
            if line.source != "customer":
                continue
            owner = _owner(line)
            if owner in erased or (owner is None and _names(line.text, erased, others)):
                name, phone = _name_and_phone(line)
                self._names |= {name} - {""}
                self._phones |= {phone} - {""}

    def are_described_by(self, line: Line) -> bool:
        """Whether a line has a name of theirs together with a phone."""
        name, phone = _name_and_phone(line)
        if name in self._names and phone in self._phones:
            return True
        for meant in map(normal, _meanings(line.text)):
            digits = re.sub(r"(?<=[0-9])[ ()./-]{1,3}(?=[0-9])", "", meant)
            has_phone = any(re.search(rf"{phone}(?![0-9])", digits) for phone in self._phones)
            if has_phone and any(
                len(name) >= 6 and re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", meant)
                for name in self._names
            ):
                return True
        return False


def _name_and_phone(line: Line) -> tuple[str, str]:
    """In normal form; the phone by its last nine digits, empty if it has fewer than six."""
    found = object_in(line.text)
    name, phone = found.get("customerName"), found.get("phone")
    if isinstance(phone, float) and phone.is_integer():
        phone = str(int(phone))
    digits = re.sub(r"[^0-9]", "", phone) if isinstance(phone, str) else ""
    return (
        normal(name.strip()) if isinstance(name, str) else "",
        digits[-9:] if len(digits) >= 6 else "",
    )


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


def _names(text: str, emails: Collection[str], others: Collection[str]) -> bool:
    """Whether one of the emails is in a text, and not as a part of another email: of one that
    somebody has, or of one that begins before it with letters."""
    for meant in map(normal, _meanings(text)):
        covered = {
            at
            for other in others
            for found in re.finditer(re.escape(other), meant)
            for at in range(*found.span())
        }
        for email in emails:
            for found in re.finditer(rf"{re.escape(email)}(?![\w-]|\.\w)", meant):
                before = meant[: found.start()]
                signs = re.search(r"[!#$%&'*+/=?^`{|}~.-]*$", before)[0]
                is_word = re.search(r"\w$", before[: len(before) - len(signs)])
                if found.start() not in covered and (not is_word or set("=/?&|{}") & {*signs}):
                    return True
    return False


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
