"""Whose a device is at a time, by the customer lines that have landed.

A record claims the device that it names from its effective time on, until the next record of the
same person. The first claim that was ever made on a device reaches back to the beginning.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from stedi.landing.records import (
    EARLIEST,
    email_of,
    end_of_day,
    serial_of,
    time_of,
    update_of,
)


class CustomerRecord(NamedTuple):
    """What a record, a customer line that can be read, says of devices."""

    email: str
    serial_number: str | None
    updated_at: int
    research_consent_at: int | None


class Claim(NamedTuple):
    """A person's claim on a device, from `since` on and before `until`; None: it has not ended."""

    person: str
    device: str
    since: int
    until: int | None


class Devices:
    """Who claimed which device when.

    claims: all that were ever made on the devices. shared: devices that are not theirs alone who
    claimed them, because a line that claims nothing names another person with them.
    """

    def __init__(self, claims: Iterable[Claim], shared: Iterable[str] = ()) -> None:
        self._shared = frozenset(shared)
        self._claims: dict[str, list[Claim]] = defaultdict(list)
        for claim in claims:
            self._claims[claim.device].append(claim)
        for device, found in self._claims.items():
            first = min(claim.since for claim in found)
            self._claims[device] = [
                claim._replace(since=0) if claim.since == first else claim for claim in found
            ]

    def people(self, device: str) -> set[str]:
        """The people who ever claimed a device."""
        return {claim.person for claim in self._claims.get(device, ())}

    def claimants(self, device: str, time: int) -> set[str]:
        """The people who claim a device at a time."""
        return {
            claim.person
            for claim in self._claims.get(device, ())
            if claim.since <= time and (claim.until is None or time < claim.until)
        }

    def is_theirs_alone(self, people: AbstractSet[str], device: str) -> bool:
        """Whether these people have claimed a device, and nobody else was ever named with it."""
        return device not in self._shared and _are_only(people, self.people(device))

    def was_theirs(self, people: AbstractSet[str], device: str, time: int) -> bool:
        """Whether these people claim a device at a time, and nobody else does."""
        return _are_only(people, self.claimants(device, time))


def customer_of(
    fields: Mapping[str, Any], ingest_date: str, earliest: str = EARLIEST
) -> CustomerRecord | None:
    """The record in the fields of a landed customer line; None if it is rejected."""
    email = email_of(fields.get("email"))
    updated_at = update_of(fields.get("lastUpdateDate"), earliest)
    device, consent = fields.get("serialNumber"), fields.get("shareWithResearchAsOfDate")
    serial, consent_at = serial_of(device), time_of(consent, ingest_date, earliest)
    is_device_wrong = device is not None and serial is None
    is_consent_wrong = consent is not None and consent_at is None
    if email is None or updated_at is None or is_device_wrong or is_consent_wrong:
        return None
    return CustomerRecord(email, serial, updated_at, consent_at)


@dataclass
class Records:
    """What customer lines say of people.

    found: the records. landed: by email and lastUpdateDate, the ingest date on which anything of
    that time first landed, readable or not.
    """

    found: set[CustomerRecord] = field(default_factory=set)
    landed: dict[tuple[str, int], str] = field(default_factory=dict)

    def add(self, fields: Mapping[str, Any], ingest_date: str, earliest: str = EARLIEST) -> None:
        """Adds the fields of a landed customer line."""
        email = email_of(fields.get("email"))
        updated_at = update_of(fields.get("lastUpdateDate"), earliest)
        if email is not None and updated_at is not None:
            self.add_landing(email, updated_at, ingest_date)
        if record := customer_of(fields, ingest_date, earliest):
            self.found.add(record)

    def add_landing(self, email: str, updated_at: int, ingest_date: str) -> None:
        """Adds that something with this email and lastUpdateDate has landed."""
        before = self.landed.get((email, updated_at), ingest_date)
        self.landed[email, updated_at] = min(before, ingest_date)

    def claims(self) -> list[Claim]:
        """All claims that the records make, by emails and serial numbers.

        A record counts from its lastUpdateDate on, but no later than the end of the day on which it
        first landed, so that a clock that runs ahead cannot outrank every later record.
        """
        people: dict[str, dict[int, CustomerRecord]] = defaultdict(dict)
        for record in self.found:
            moments = people[record.email]
            landed = self.landed[record.email, record.updated_at]
            at = min(record.updated_at, end_of_day(landed))
            moments[at] = min(record, moments.get(at, record), key=_rank)
        return [claim for moments in people.values() for claim in _claims(sorted(moments.items()))]


def _are_only(people: AbstractSet[str], found: AbstractSet[str]) -> bool:
    return bool(found) and found <= people


def _claims(moments: list[tuple[int, CustomerRecord]]) -> list[Claim]:
    """The claims of one person, whose records are given by effective time, in order."""
    found: list[Claim] = []
    ends = [at for at, _ in moments[1:]]
    for (at, record), until in zip(moments, [*ends, None], strict=True):
        if record.serial_number is None:
            continue
        claim = Claim(record.email, record.serial_number, at, until)
        if found and (found[-1].device, found[-1].until) == (claim.device, at):
            claim = claim._replace(since=found.pop().since)
        found.append(claim)
    return found


def _rank(record: CustomerRecord) -> tuple[Any, ...]:
    """Of records of one effective time, the least one counts: a refusal, else the latest consent;
    of several such ones that without a device, else the one with the smallest serial number."""
    consent, serial = record.research_consent_at, record.serial_number
    return (consent is not None, -(consent or 0), serial is not None, serial)
