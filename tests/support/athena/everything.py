"""What both engines are given: generated deliveries, and everything bad there is."""

from __future__ import annotations

import gzip
import random
from collections.abc import Collection, Iterator
from pathlib import Path

from stedi.synthetic.bad_lines import CHECKED, kinds
from stedi.synthetic.generator import generate
from stedi.synthetic.lines import plain
from stedi.synthetic.personas import PERSONAS, Settings
from support.hostile import ODD_ENDS, hostile_file
from support.nasty import PIECES

EVERY_PERSONA = len(PERSONAS)
SETTINGS = (
    *(Settings(people=EVERY_PERSONA, readings_per_person=9, seed=s) for s in range(1, 5)),
    *(Settings(people=EVERY_PERSONA, readings_per_person=9, seed=s, bad_share=0.4)
      for s in range(5, 9)),
    *(Settings(people=20, days=2, readings_per_person=40, seed=s, bad_share=0.1, ordinary=True)
      for s in range(9, 13)),
)  # fmt: skip
SHORT = Settings(people=EVERY_PERSONA, readings_per_person=4, seed=0, bad_share=0.1)
ODD_NAMES = (
    "a b.json",
    "%41.json",
    "é😀.json",
    "a'b.json",
    "a+b=c.json",
    "#[1].json",
    "{a},*.json",
)
DAY = "ingest_date=2024-01-01"
A_LINE = {
    "email": '"ann@example.com"', "lastUpdateDate": "1704067200000", "serialNumber": '"a"',
    "shareWithResearchAsOfDate": "1704067200000", "user": '"ann@example.com"',
    "timestamp": "1704067200000", "x": "1.0", "y": "0.0", "z": "-1.0",
    "sensorReadingTime": "1704067200000", "distanceFromObject": "201.0",
}  # fmt: skip


def land_a_little(landing: Path) -> None:
    """Lands every persona once, each kind of bad line, and files of odd bytes."""
    generate(SHORT, landing)
    _land_bad_files(landing, without=("kinds.json", "hostile.json"))  # they are there as gzip


def land_everything(landing: Path) -> None:
    """Lands all seeds in one root, as the price of a build is the build, not its rows."""
    for settings in SETTINGS:
        drawn = landing.with_name(f"seed-{settings.seed}")
        generate(settings, drawn)
        for path in drawn.glob("*/landing/*/*"):
            name = f"{settings.seed}-{path.name}"
            _write(landing / path.relative_to(drawn).with_name(name), path, settings.seed)
    _land_bad_files(landing)


def _land_bad_files(landing: Path, without: Collection[str] = ()) -> None:
    for entity, files in bad_files():
        for name, lines in files.items():
            if name not in without:
                (landing / entity / "landing" / DAY / name).write_bytes(lines)


def bad_files() -> Iterator[tuple[str, dict[str, bytes]]]:
    """Of each entity the files, by name, that hold what the DuckDB target is tried on."""
    for entity in CHECKED:
        every_kind = b"".join(_every_kind(entity))
        yield (
            entity,
            {
                "kinds.json": every_kind,
                "kinds.json.gz": gzip.compress(every_kind),
                "ends.json": ODD_ENDS,
                "empty.json": b"",
                "empty.json.gz": gzip.compress(b""),
                **dict(zip(ODD_NAMES, _nasty(entity), strict=False)),
            },
        )
    hostile = hostile_file()
    yield "accelerometer", {"hostile.json": hostile, "hostile.json.gz": gzip.compress(hostile)}


def _write(target: Path, source: Path, seed: int) -> None:
    """Copies a file. People of odd seeds are others; those of even ones come again and again."""
    found = source.read_bytes()
    if seed % 2:
        found = found.replace(b"person0", b"person%d" % seed)
        found = found.replace(b"00000000-0000-4000-", b"%08d-0000-4000-" % seed)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(found)


def _every_kind(entity: str) -> Iterator[bytes]:
    fields = {name: A_LINE[name] for name in CHECKED[entity]}
    for ways in kinds(entity).values():
        for way in ways:
            yield way(fields).encode("utf-8", "surrogateescape")


def _nasty(entity: str) -> Iterator[bytes]:
    """Files, without end, of odd bytes and good lines in any order."""
    roll = random.Random(entity)
    good = plain({name: A_LINE[name] for name in CHECKED[entity]}).encode()
    while True:
        yield b"".join(roll.choices([*PIECES, good, good.strip()], k=200))
