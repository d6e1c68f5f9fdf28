"""Write synthetic deliveries of any size."""

from __future__ import annotations

import random
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import count, repeat
from pathlib import Path
from typing import Any, NamedTuple

from tqdm import tqdm

from stedi.errors import UsageError
from stedi.synthetic.bad_lines import BadLines
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
from stedi.synthetic.personas import Life, Settings, bystander, lives
from stedi.synthetic.records import SOURCES, Distance, Motion

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
    """What a person measured in a stretch of one day."""

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
    """Writes one set of deliveries under `root`; `lines` counts them by source."""

    def __init__(self, settings: Settings, root: Path) -> None:
        self.lines: Counter[str] = Counter()
        self._settings = settings
        self._turn = count()
        self._bystanders = map(bystander, count(1))
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

    def run(self) -> Iterator[Life]:
        """Writes what everybody has delivered; yields each person then."""
        for life in lives(self._settings):
            for day, record in life.records:
                self._deliver("customer", life, day, [record])
            for day, line in life.unreadable:
                self._write("customer", day, [line])
            for session in sessions(life, self._settings):
                self._deliver("accelerometer", life, session.day, session.motions)
                self._deliver("step_trainer", life, session.day, session.distances)
            yield life
        for parts in self._parts.values():
            for part in parts:
                part.close()

    def _deliver(self, source: str, life: Life, day: int, records: list[Any]) -> None:
        """Writes records whenever the person's life has them delivered."""
        if records:
            for on, style in life.deliveries(day, self._settings.days - 1):
                self._write(source, on, self._lines(source, style, records))

    def _write(self, source: str, day: int, lines: list[str]) -> None:
        self._parts[source][day].write(lines)
        self.lines[source] += len(lines)

    def _lines(self, source: str, style: str, records: list[Any]) -> list[str]:
        """The records as lines, and the bad lines that are due among them.

        Bad customer lines are of people of their own, whose consent is unclear therefore.
        """
        line, fields = SOURCE_FORMS[source]
        if style in STYLES:
            lines = [STYLES[style](fields(record), next(self._turn)) for record in records]
        else:
            lines = [line(record) for record in records]
        others = self._bystanders if source == "customer" else repeat(records[-1])
        bad_lines = self._bad_lines[source].after(len(records), lambda: fields(next(others)))
        for place, bad in enumerate(bad_lines):
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


def generate(settings: Settings, root: Path | str, progress: bool = False) -> Counter[str]:
    """Writes the landing zone `root`; returns how many lines each source has.

    It appears whole or not at all, even when killed: it is made beside `root`, and then renamed.
    progress: show a bar. Raises UsageError if `root` is there and not empty.
    """
    root = Path(root).resolve()
    if root.exists() and any(root.iterdir()):
        raise UsageError(f"{root} is not empty: name another root, or remove it")
    root.parent.mkdir(parents=True, exist_ok=True)
    workshop = Path(tempfile.mkdtemp(prefix=f".{root.name}-", dir=root.parent))
    unfinished = workshop / root.name  # made here, as mkdtemp lets nobody else in
    try:
        unfinished.mkdir()
        generator = Generator(settings, unfinished)
        with tqdm(total=settings.people, unit=" people", disable=not progress) as bar:
            for _ in generator.run():
                bar.update()
        unfinished.rename(root)
    finally:
        shutil.rmtree(workshop)
    return generator.lines
