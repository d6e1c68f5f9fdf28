"""A landing root with two people, of whom one is erased, and what is to be left of it."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from stedi.builds import Build
from stedi.erasure.erasure import Erasure
from stedi.erasure.landing_root import LandingRoot
from stedi.landing.zones import Zone
from stedi.restricted.erasures import ErasureRegister
from stedi.restricted.store import RestrictedStore
from stedi.search.search import Searched
from stedi.synthetic.lines import customer_line, distance_line, motion_line
from stedi.synthetic.personas import START, newcomer

BUCKET = "stedi-test"
ANN, BEN = newcomer(1).latest, newcomer(11).latest
DAY = "landing/ingest_date=2024-01-01"
NO_JSON = f'{{"email": "{ANN.email.upper()}", "phone": broken}}\n'
BROKEN = f"serialNumber {ANN.serial_number}: no JSON\n"
Files = dict[str, bytes]


def _both(line: Callable[..., str], ann: tuple, ben: tuple) -> bytes:
    return f"{line(ben)}{line(ann)}\n{line(ben)}".replace("\n", "\r\n", 1).encode()


ANNS_MOTION, BENS_MOTION = ((p.email, START, 1.0, 0.0, 0.0) for p in (ANN, BEN))
ANNS_DISTANCE, BENS_DISTANCE = ((p.serial_number, START, 200) for p in (ANN, BEN))
LANDED: Files = {
    f"customer/{DAY}/a.json": _both(customer_line, ANN, BEN) + NO_JSON.encode() + b"\xff\n",
    f"customer/{DAY}/b.json.gz": gzip.compress(_both(customer_line, ANN, BEN)),
    f"customer/{DAY}/c.json": customer_line(BEN).encode(),
    f"accelerometer/{DAY}/a.json": _both(motion_line, ANNS_MOTION, BENS_MOTION),
    f"accelerometer/{DAY}/b.json.gz": gzip.compress(motion_line(ANNS_MOTION).encode()),
    f"step_trainer/{DAY}/a.json": _both(distance_line, ANNS_DISTANCE, BENS_DISTANCE)
    + BROKEN.encode(),
}


def without_ann() -> Files:
    """What is left, worked out line by line; packed files unpacked."""
    hers = {line(r).encode() for line, r in (
        (customer_line, ANN), (motion_line, ANNS_MOTION), (distance_line, ANNS_DISTANCE),
    )} | {NO_JSON.encode(), BROKEN.encode()}  # fmt: skip
    return {
        name: b"".join(line for line in content.splitlines(keepends=True) if line not in hers)
        for name, content in unpacked(LANDED).items()
    }


def unpacked(files: Files) -> Files:
    return {n: gzip.decompress(c) if n.endswith(".gz") else c for n, c in files.items()}


@dataclass
class NoTables:
    """Tables of nobody."""

    built: int = 0

    def check(self) -> None: ...
    def customer_ids(self, emails: object) -> set[str]:
        return {"0" * 63 + "a"}

    def remove_copies(self) -> None: ...
    def plan(self) -> Iterator[str]:
        return iter(())

    def rebuild(self) -> None:
        self.built += 1

    def last_build(self) -> Build:
        return Build("a build", "since_consent", "", "a digest")

    def maintain(self) -> None: ...
    def stored(self) -> Iterator:
        return iter(())

    artifacts = project_files = stored

    def search(self, wanted: object, found: Searched) -> None: ...


@dataclass
class Root:
    """A landing root and what lies beside it; files() gives all but the restricted ones."""

    landing: LandingRoot
    store: RestrictedStore
    files: Callable[[], Files]

    def erasure(self, say: Callable[[str], object] = lambda step: None) -> Erasure:
        zone, register = Zone(self.landing.storage), ErasureRegister(self.store)
        return Erasure(self.landing, zone, NoTables(), register, say)

    def erase(self, say: Callable[[str], object] = lambda step: None) -> dict:
        erasure = self.erasure(say)
        return erasure.erase([ANN.email], erasure.find([ANN.email]), "a test")[0]
