"""Write synthetic deliveries of any size, and what the lakehouse must make of them."""

from __future__ import annotations

import json
import random
import shutil
import tempfile
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

from tqdm import tqdm

from stedi.errors import UsageError
from stedi.synthetic.bad_lines import BadLines
from stedi.synthetic.expectation import (
    SOURCES,
    Delivered,
    Distance,
    Expectation,
    Ledger,
    Motion,
    Register,
)
from stedi.synthetic.lines import (
    STYLES,
    Fields,
    customer_fields,
    customer_line,
    distance_fields,
    distance_line,
    motion_fields,
    motion_line,
)
from stedi.synthetic.personas import Life, Settings, neighbourhoods

EXPECTED = "expected.json"  # in the landing root, where no reader looks for deliveries
PART_LINES = 100_000
BUFFER = 1 << 16  # characters that wait for each open part
SESSION = 1_000  # instants that are held in memory at once
WAYS = [(x, y, z) for x in (-1.0, 0.0, 1.0) for y in (-1.0, 0.0, 1.0) for z in (-1.0, 0.0, 1.0)]
SOURCE_FORMS: dict[str, tuple[Callable[[Any], str], Callable[[Any], Fields]]] = {
    "customer": (customer_line, customer_fields),
    "accelerometer": (motion_line, motion_fields),
    "step_trainer": (distance_line, distance_fields),
}


class Session(NamedTuple):
    """What a person measured in a stretch of one day; see Ledger for what a session is."""

    day: int
    motions: list[Motion]
    distances: list[Distance]


class Part:
    """The files of one source and ingest date, a part after the other.

    The last line of a file goes without a line end, as in some deliveries.
    """

    def __init__(self, folder: Path, stem: str) -> None:
        self._folder, self._stem = folder, stem
        self._part, self._lines = 1, 0
        self._buffer: list[str] = []
        self._waiting = 0

    def write(self, lines: list[str]) -> None:
        """Takes lines with their ends."""
        text = "".join(lines)
        self._buffer.append(text)
        self._waiting += len(text)
        self._lines += len(lines)
        if self._lines >= PART_LINES:
            self.close()
            self._part, self._lines = self._part + 1, 0
        elif self._waiting >= BUFFER:
            self._flush("".join(self._buffer))

    def close(self) -> None:
        """Ends the current file."""
        text = "".join(self._buffer)
        self._flush(text[:-1] if text.endswith("}\n") else text)

    def _flush(self, text: str) -> None:
        if text:
            self._folder.mkdir(parents=True, exist_ok=True)
            path = self._folder / f"{self._stem}-{self._part:03d}.json"
            with path.open("ab") as file:  # opened anew: the days may be more than open files
                file.write(text.encode("utf-8", "surrogateescape"))
        self._buffer.clear()
        self._waiting = 0


class Generator:
    """Writes one set of deliveries under `root` while keeping the ledger of it."""

    def __init__(self, settings: Settings, root: Path, rows: bool) -> None:
        self._settings = settings
        self._ledger = Ledger(rows)
        self._turn = count()
        self._parts = {
            source: [
                Part(root / source / "landing" / f"ingest_date={date}", f"{source}-{date}")
                for date in settings.dates
            ]
            for source in SOURCES
        }
        self._bad_lines = {
            source: BadLines(source, settings.bad_share, random.Random(f"{settings.seed} {source}"))
            for source in SOURCES
        }

    def run(self) -> Iterator[int]:
        """Writes neighbourhood after neighbourhood; yields how many people each had."""
        for lives in neighbourhoods(self._settings):
            register = self._register(lives)
            self._ledger.curate([r for life in lives for r in self._readings(life, register)])
            yield len(lives)
        for parts in self._parts.values():
            for part in parts:
                part.close()

    def expectation(self) -> Expectation:
        """What must come of all that was written."""
        return self._ledger.expectation(self._settings.dates)

    def _register(self, lives: list[Life]) -> Register:
        delivered: Delivered = []
        for life in lives:
            for day, record in life.records:
                delivered += self._deliver("customer", life, day, [record])
        return self._ledger.register(delivered)

    def _readings(
        self, life: Life, register: Register
    ) -> Iterator[dict[str, tuple[set[str], set[str]]]]:
        for session in sessions(life, self._settings):
            yield self._ledger.session(
                register,
                self._deliver("accelerometer", life, session.day, session.motions),
                self._deliver("step_trainer", life, session.day, session.distances),
            )

    def _deliver(self, source: str, life: Life, day: int, records: list[Any]) -> Delivered:
        """Writes records whenever the person's life has them delivered; returns when that was."""
        if not records:
            return []
        delivered = list(life.deliveries(day, self._settings.days - 1))
        for on, style in delivered:
            self._parts[source][on].write(self._lines(source, on, style, records))
        return [(on, records) for on, _ in delivered]

    def _lines(self, source: str, day: int, style: str, records: list[Any]) -> list[str]:
        """The records as lines, and the bad lines that are due among them."""
        line, fields = SOURCE_FORMS[source]
        if style in STYLES:
            lines = [STYLES[style](fields(record), next(self._turn)) for record in records]
        else:
            lines = [line(record) for record in records]
        bad_lines = self._bad_lines[source].after(len(records), lambda: fields(records[-1]))
        for place, (reason, bad) in enumerate(bad_lines):
            self._ledger.reject(source, day, reason)
            lines.insert(2 * place + 1, bad)
        return lines


def sessions(life: Life, settings: Settings) -> Iterator[Session]:
    """What a person measures, stretch by stretch."""
    roll = random.Random(f"{settings.seed} {life.number}").random
    for day in range(settings.days):
        instants = settings.instants_of(day)
        for start in range(0, len(instants), SESSION):
            session = Session(day, [], [])
            for instant in instants[start : start + SESSION]:
                _measure(session, life, settings, instant, int(roll() * 2700))
            yield session


def _measure(session: Session, life: Life, settings: Settings, instant: int, luck: int) -> None:
    """Adds the readings of one instant. luck: decides their values, from 0 to 2699."""
    time = life.other_times.get(instant, settings.time_of(life.number, instant))
    distance, way = divmod(luck, len(WAYS))
    if life.motion:
        for nth in range(settings.motions_at(instant)):
            session.motions.append((life.email, time, *WAYS[(way + 5 * nth) % len(WAYS)]))
    for nth in range(life.distances):
        far = 201 + (distance + 7 * nth) % 100
        session.distances.append((life.device_at(time), time + life.lag, far))


def generate(
    settings: Settings, root: Path | str, rows: bool = False, progress: bool = False
) -> Expectation:
    """Writes the landing zone `root` and in it expected.json, the counts that must come of it.

    It appears whole or not at all, even when killed: it is made beside `root`, and then renamed.
    rows: also return every expected row (needs memory for them). progress: show a bar.
    Raises UsageError if `root` is there and not empty.
    """
    root = Path(root).resolve()
    if root.exists() and any(root.iterdir()):
        raise UsageError(f"{root} is not empty: name another root, or remove it")
    root.parent.mkdir(parents=True, exist_ok=True)
    workshop = Path(tempfile.mkdtemp(prefix=f".{root.name}-", dir=root.parent))
    unfinished = workshop / root.name  # made here, as mkdtemp lets nobody else in
    try:
        unfinished.mkdir()
        generator = Generator(settings, unfinished, rows)
        with tqdm(total=settings.people, unit=" people", disable=not progress) as bar:
            for people in generator.run():
                bar.update(people)
        expectation = generator.expectation()
        counts = json.dumps(expectation.as_json(), indent=2) + "\n"
        (unfinished / EXPECTED).write_text(counts, encoding="utf-8")
        unfinished.rename(root)
    finally:
        shutil.rmtree(workshop)
    return expectation
