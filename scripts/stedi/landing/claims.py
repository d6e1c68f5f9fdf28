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
    birth_day_of,
    email_of,
    end_of_day,
    phone_of,
    serial_of,
    text_of,
    time_of,
    update_of,
)


class CustomerRecord(NamedTuple):
    """A record: a customer line that can be read, as staging types it."""

    email: str
    customer_name: str | None
    phone: str | None
    birth_day: str | None
    serial_number: str | None
    registered_at: int | None
    updated_at: int
    research_consent_at: int | None
    public_consent_at: int | None
    friends_consent_at: int | None


class Claim(NamedTuple):
    """A person's claim on a device, from `since` on and before `until`; None: it has not ended."""

    person: str
    device: str
    since: int
    until: int | None


class Devices:
    """Who claimed which device when. claims: all that were ever made on the devices."""

    def __init__(self, claims: Iterable[Claim]) -> None:
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
        """Whether these people have claimed a device, and nobody else ever did."""
        return _are_only(people, self.people(device))

    def was_theirs(self, people: AbstractSet[str], device: str, time: int) -> bool:
        """Whether these people claim a device at a time, and nobody else does."""
        return _are_only(people, self.claimants(device, time))


def customer_of(
    fields: Mapping[str, Any], ingest_date: str, earliest: str = EARLIEST
) -> CustomerRecord | None:
    """The record in the fields of a landed customer line; None if it is rejected.

    Only what says who, when, which device and which consent can reject it.
    """

    def time(name: str) -> int | None:
        return time_of(fields.get(name), ingest_date, earliest)

    email = email_of(fields.get("email"))
    updated_at = update_of(fields.get("lastUpdateDate"), earliest)
    optional = {
        "serialNumber": serial_of(fields.get("serialNumber")),
        "shareWithResearchAsOfDate": time("shareWithResearchAsOfDate"),
    }
    is_invalid = any(
        fields.get(name) is not None and value is None for name, value in optional.items()
    )
    if email is None or updated_at is None or is_invalid:
        return None
    return CustomerRecord(
        email=email,
        customer_name=text_of(fields.get("customerName")),
        phone=phone_of(fields.get("phone")),
        birth_day=birth_day_of(fields.get("birthDay")),
        serial_number=serial_of(fields.get("serialNumber")),
        registered_at=time("registrationDate"),
        updated_at=updated_at,
        research_consent_at=time("shareWithResearchAsOfDate"),
        public_consent_at=time("shareWithPublicAsOfDate"),
        friends_consent_at=time("shareWithFriendsAsOfDate"),
    )


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
    """Of records of one effective time, the least one counts: a refusal, else the latest consent.
    The other fields only make the choice the same every time."""
    consent = record.research_consent_at
    others = (
        record.serial_number, record.customer_name, record.phone, record.birth_day,
        record.registered_at, record.updated_at, record.public_consent_at,
        record.friends_consent_at,
    )  # fmt: skip
    return (consent is not None, -(consent or 0), *((v is not None, v) for v in others))
