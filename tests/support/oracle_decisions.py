"""What becomes of every reading: whose it is, and whether it is released."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from support.lakehouse import customer_id
from support.oracle_lines import Customer, Distance, Line, Motion, Rejected, read
from support.oracle_people import Claim, Devices, Person, claims_of, people_of


class Decided:
    """What lines come to: their records and readings, people, devices, and all decisions."""

    def __init__(
        self,
        lines: list[Line],
        scope: str,
        erased: frozenset[str],
        tombstones: frozenset[Claim],
        minimum_age: int,
    ) -> None:
        self.lines = lines
        self.scope = scope
        self.erased = erased
        self.minimum_age = minimum_age
        self.read = [(line, read(line)) for line in lines]
        # Each record and reading with the day on which it first landed.
        self.customers: dict[Customer, str] = {}
        self.motions: dict[Motion, str] = {}
        self.distances: dict[Distance, str] = {}
        said: list[tuple[Customer | Rejected, str]] = []
        for line, what in self.read:
            day = line.ingest_date
            if isinstance(what, Customer):
                self.customers[what] = min(day, self.customers.get(what, day))
            elif isinstance(what, Motion):
                self.motions[what] = min(day, self.motions.get(what, day))
            elif isinstance(what, Distance):
                self.distances[what] = min(day, self.distances.get(what, day))
            if isinstance(what, Customer | Rejected):
                said.append((what, day))
        self.people = people_of(said)
        self.ids = {email: customer_id(email) for email in self.people}
        living = claims_of(self.people.values())
        # Devices that only erased people claimed have no owners.
        self.claimed = {claim.serial_number for claim in living}
        self.devices = Devices(living, tombstones)

    # What becomes of readings: whose they are, and why they are withheld or "released".

    def of_person(self, email: str, time: int) -> tuple[Person | None, str]:
        person = self.people.get(email)
        if person is None:
            return None, "unknown_person"
        if email in self.erased:
            return person, "erased"
        return person, person.withheld_for(time, self.scope, self.minimum_age) or "released"

    def of_device(self, serial: str, time: int) -> tuple[Person | None, str]:
        if serial not in self.claimed:
            return None, "unknown_device"
        if len(self.devices.claimants(serial, time)) > 1:
            return None, "ambiguous_device"
        email = self.devices.owner(serial, time)
        if email is None:  # nobody's, or known only by a tombstone
            return None, "unknown_device"
        return self.of_person(email, time)

    @cached_property
    def decisions(self) -> list[tuple[Motion | Distance, str, Person | None, str]]:
        """Each reading with the day of its first landing, whose it is, and what becomes of it."""
        motions = [
            (motion, day, *self.of_person(motion.email, motion.read_at))
            for motion, day in self.motions.items()
        ]
        distances = [
            (distance, day, *self.of_device(distance.serial_number, distance.read_at))
            for distance, day in self.distances.items()
        ]
        return [*motions, *distances]

    def released(self, kind: type[Motion] | type[Distance]) -> list[tuple[Any, str, str]]:
        """The released readings of a kind, with their days, and the emails of their people."""
        return [
            (reading, day, person.email)
            for reading, day, person, reason in self.decisions
            if reason == "released" and person and isinstance(reading, kind)
        ]
