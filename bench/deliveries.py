"""The landing zones that are measured on: the real data's shape, some number of times over."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass, replace
from pathlib import Path

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
    """A landing zone, which is a function of its settings."""

    root: Path
    settings: Settings

    @property
    def readings(self) -> int:
        """How many readings ordinary people have in it."""
        return self.settings.people * (self.settings.readings_per_person + self.settings.instants)

    def expected(self) -> dict[str, int]:
        """Rows by table that a dbt run must make of ordinary people: odd numbers consent, at
        registration, and have a distance at each instant that they move at."""
        motions, distances = self.settings.readings_per_person, self.settings.instants
        consenting = self.settings.people // 2
        return {
            "stg_customers": self.settings.people,
            "stg_accelerometer": self.settings.people * motions,
            "stg_step_trainer": self.settings.people * distances,
            "rejected_lines": 0,
            "customer_trusted": consenting,
            "accelerometer_trusted": consenting * motions,
            "step_trainer_trusted": consenting * distances,
            "customers_curated": consenting,
            "machine_learning_curated": consenting * motions,
        }


def zone(folder: Path, times: int, shape: Settings = AS_REAL) -> Zone:
    """The zone with `times` as many people as `shape`, made in `folder` unless it is there."""
    settings = replace(shape, people=shape.people * times)
    root = folder / f"{'real' if shape.ordinary else 'hardest'}-{times}"
    # Written last, and by another generator or with other settings no longer what we want.
    note = root / "bench.json"
    wanted = json.dumps(asdict(settings), sort_keys=True)
    if not note.exists() or note.read_text() != wanted:
        shutil.rmtree(root, ignore_errors=True)
        generate(settings, root, progress=True)
        note.write_text(wanted)
    return Zone(root, settings)
