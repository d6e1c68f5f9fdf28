"""Runs a process and says what it took."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

MIB = 1 << 20
SMALL_PARENT = Path(__file__).with_name("small_parent.py")


@dataclass(frozen=True)
class Measure:
    """Of a whole process: seconds by the clock, seconds of processor, peak resident bytes."""

    seconds: float
    processor: float
    peak: int


class Failed(RuntimeError):
    """The process did not end well. Its text says where its output lies."""


def run(arguments: Iterable[str], environment: dict[str, str], folder: Path, log: Path) -> Measure:
    """Runs a process in `folder` from its start to its end; its output goes to `log`.

    The peak is that of the largest process among it and the children it waited for. Raises Failed
    where its exit code is not 0.
    """
    command = [sys.executable, "-I", "-S", str(SMALL_PARENT), str(log.resolve()), *arguments]
    measured = subprocess.run(
        command, env=environment, cwd=folder, stdout=subprocess.PIPE, check=True
    )
    took = json.loads(measured.stdout)
    if code := took.pop("code"):
        raise Failed(f"exit code {code}, see {log}")
    return Measure(**took)


def best(measures: Iterable[Measure]) -> Measure:
    """Of several runs the least time, as others' work only ever adds, and the highest peak."""
    measures = list(measures)
    return Measure(
        min(m.seconds for m in measures),
        min(m.processor for m in measures),
        max(m.peak for m in measures),
    )


def middle(measures: Iterable[Measure]) -> Measure:
    """Of several runs the median of each figure."""
    measures = list(measures)
    return Measure(
        median(m.seconds for m in measures),
        median(m.processor for m in measures),
        int(median(m.peak for m in measures)),
    )
