"""Deliveries of a fixed size, day by day: `deliver` writes what arrives on one day.

Nothing is late, twice or wrong, so that a day is the same work whenever it comes. People's lives
and the form of the lines are the generator's; lines are put together from parts made beforehand,
as a year of them is 20 million.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from stedi.synthetic.generator import WAYS
from stedi.synthetic.lines import customer_line
from stedi.synthetic.personas import (
    DAY,
    FIRST_DATE,
    INSTANTS,
    MORNING,
    READINGS,
    START,
    STEP,
    Life,
    consenting,
    email_of,
    newcomer,
    serial_of,
)
from stedi.synthetic.records import Customer

# Of the real data's readings, how many are a step trainer's.
DISTANCES = INSTANTS / (READINGS + INSTANTS)
_WAYS = [f',"x":{x},"y":{y},"z":{z}}}\n' for x, y, z in WAYS]
_FAR = [f',"distanceFromObject":{far}}}\n' for far in range(201, 301)]
_PART_LINES = 1_000_000  # of a file, some 90 MB


@dataclass(frozen=True)
class Shape:
    """What one day brings; all that is written follows from this.

    people: who have a device from the first day on and practise every day; every other one consents
    to research, from before the first day on. readings_per_day: accelerometer and step trainer
    together, about. newcomers: who register each day after the first, and have not practised yet.
    """

    people: int = 1000
    readings_per_day: int = 54_000
    newcomers: int = 2

    def __post_init__(self) -> None:
        if min(self.people, self.readings_per_day // max(self.people, 1)) < 1:
            raise ValueError("each of the people needs a reading a day at least")
        if MORNING + self.distances * STEP >= DAY:
            raise ValueError("so many readings a person do not fit into a day")

    @property
    def distances(self) -> int:
        """Step trainer readings of a person and day, each of an instant of its own."""
        return max(1, round(self.readings_per_day / self.people * DISTANCES))

    @property
    def motions(self) -> int:
        """Accelerometer readings of a person and day, at the same instants."""
        return max(1, round(self.readings_per_day / self.people) - self.distances)

    @property
    def readings(self) -> int:
        """Readings of a day, exactly."""
        return self.people * (self.motions + self.distances)

    def times(self, number: int, day: int) -> list[int]:
        """When person `number` is measured on the day, in ms; no two neighbours share one."""
        first = START + day * DAY + MORNING + number * 17 % STEP
        return list(range(first, first + self.distances * STEP, STEP))

    def lives(self, day: int) -> Iterator[Life]:
        """Those who are customers from the day on: all the people, later the day's newcomers."""
        first = 0 if day == 0 else self.people + (day - 1) * self.newcomers
        for number in range(first, first + (self.newcomers if day else self.people)):
            yield _life(number)


def date_of(day: int) -> str:
    """The ingest date of a day; the first is day 0."""
    return (FIRST_DATE + timedelta(days=day)).date().isoformat()


def deliver(root: Path, day: int, shape: Shape) -> int:
    """Writes the day's files under the landing root; returns their bytes."""
    people = range(shape.people)
    return sum(
        (
            _write(root, "customer", day, "", _registrations(day, shape)),
            _write(root, "accelerometer", day, "", _motions(people, day, shape)),
            _write(root, "step_trainer", day, "", _distances(people, day, shape)),
        )
    )


def consent(root: Path, day: int, people: Iterable[int], gives: bool, nth: int = 0) -> int:
    """Writes records of that day in which people withdraw or give consent to research.

    Who gives it had refused until then, so that it covers nothing that was measured before. nth:
    of several such deliveries of one day. Returns the bytes of the file, which lies beside
    those of `deliver`.
    """
    what = f"{'gives' if gives else 'withdraws'}-{nth}"
    return _write(root, "customer", day, f"-{what}", [[_change(n, day, gives) for n in people]])


def consents(number: int) -> bool:
    """Whether the person consents to research before any change."""
    return number % 2 == 1


def expected(shape: Shape, days: int, withdrawn: int = 0, given: int = 0) -> dict[str, int]:
    """Rows by table after so many days of deliveries.

    withdrawn, given: how many of the people who practise have changed their mind through `consent`,
    when all of it had been measured.
    """
    walkers = sum(map(consents, range(shape.people))) - withdrawn
    customers = [life for day in range(days) for life in shape.lives(day)]
    motions, distances = days * shape.motions, days * shape.distances
    return {
        "stg_customers": len(customers),
        "stg_accelerometer": shape.people * motions,
        "stg_step_trainer": shape.people * distances,
        "customer_trusted": sum(consents(life.number) for life in customers) - withdrawn + given,
        "accelerometer_trusted": walkers * motions,
        "step_trainer_trusted": walkers * distances,
        "customers_curated": walkers,
        "machine_learning_curated": walkers * motions,
    }


def _life(number: int) -> Life:
    return consenting(newcomer(number)) if consents(number) else newcomer(number)


def _change(number: int, day: int, gives: bool) -> str:
    record = _life(number).latest
    research = record.registration if gives else None
    return customer_line(record._replace(last_update=START + (day + 1) * DAY, research=research))


def _registrations(day: int, shape: Shape) -> Iterator[list[str]]:
    """A newcomer's record is of the day; what was before the first day stays a month before it."""
    later = day * DAY + 30 * DAY if day else 0
    yield [customer_line(_later(life.latest, later)) for life in shape.lives(day)]


def _later(record: Customer, ms: int) -> Customer:
    """The record with all its times later by so much."""
    times = ("registration", "last_update", "research", "public", "friends")
    known = {name: getattr(record, name) for name in times}
    return record._replace(**{n: time + ms for n, time in known.items() if time is not None})


def _motions(people: range, day: int, shape: Shape) -> Iterator[list[str]]:
    roll = random.Random(f"motions {day}")
    each, more = divmod(shape.motions, shape.distances)
    for number in people:
        head = f'{{"user":"{email_of(number)}","timestamp":'
        times = shape.times(number, day)
        ways = roll.choices(range(len(_WAYS)), k=len(times))
        # Of one instant all values differ, for a line like another one would be a duplicate.
        yield [
            f"{head}{time}{_WAYS[(way + 5 * nth) % len(_WAYS)]}"
            for i, (time, way) in enumerate(zip(times, ways, strict=True))
            for nth in range(each + (i < more))
        ]


def _distances(people: range, day: int, shape: Shape) -> Iterator[list[str]]:
    roll = random.Random(f"distances {day}")
    for number in people:
        serial = f',"serialNumber":"{serial_of(number)}"'
        times = shape.times(number, day)
        fars = roll.choices(_FAR, k=len(times))
        yield [
            f'{{"sensorReadingTime":{t}{serial}{far}' for t, far in zip(times, fars, strict=True)
        ]


def _write(root: Path, entity: str, day: int, mark: str, lots: Iterable[list[str]]) -> int:
    """Writes lots of lines as files, a new one after _PART_LINES; no file without a line."""
    folder = root / entity / "landing" / f"ingest_date={date_of(day)}"
    written, file, lines, part = 0, None, 0, 0
    for lot in lots:
        if not lot:
            continue
        if file is None:
            folder.mkdir(parents=True, exist_ok=True)
            part += 1
            file = (folder / f"{entity}-{date_of(day)}{mark}-{part:03d}.json").open("wb")
        written += file.write("".join(lot).encode())
        lines += len(lot)
        if lines >= _PART_LINES:
            file.close()
            file, lines = None, 0
    if file is not None:
        file.close()
    return written
