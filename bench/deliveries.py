"""The landing zones that are measured on: the real data's shape, some number of times over."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from stedi.synthetic.generator import generate
from stedi.synthetic.personas import READINGS, Settings

REAL_PEOPLE = 956
# The real data has no bad line, no line twice and no odd form. With these the script by hand would
# need to do what it is there to be measured without.
AS_REAL = Settings(people=REAL_PEOPLE, readings_per_person=READINGS, bad_share=0, ordinary=True)
# The generator's own share of bad lines, and all the habits of old apps, in nearly every file.
HARDEST = replace(AS_REAL, bad_share=Settings().bad_share, ordinary=False)


@dataclass(frozen=True)
class Zone:
    """A landing zone and what must come of it (as Expectation.as_json)."""

    root: Path
    expected: dict[str, Any]

    def lines(self, source: str) -> int:
        """How many lines landed."""
        return sum(day["landed"] for day in self.expected["landing"][source].values())


def zone(folder: Path, times: int, shape: Settings = AS_REAL) -> Zone:
    """The zone with `times` as many people as `shape`, made in `folder` unless it is there."""
    settings = replace(shape, people=shape.people * times)
    root = folder / f"{'real' if shape.ordinary else 'hardest'}-{times}"
    # Written last, and by another generator or with other settings no longer what we want.
    note = root / "bench.json"
    wanted = json.dumps(asdict(settings), sort_keys=True)
    if not note.exists() or json.loads(note.read_text())["settings"] != wanted:
        shutil.rmtree(root, ignore_errors=True)
        expected = generate(settings, root, progress=True).as_json()
        note.write_text(json.dumps({"settings": wanted, "expected": expected}))
    return Zone(root, json.loads(note.read_text())["expected"])
