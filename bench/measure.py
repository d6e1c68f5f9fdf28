"""Runs a process and says what it took."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

MIB = 1 << 20


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

    The peak is that of the largest process among it and the children it waited for.
    """
    with log.open("wb") as output:
        start = time.perf_counter()
        process = subprocess.Popen(
            [*arguments], env=environment, cwd=folder, stdout=output, stderr=subprocess.STDOUT
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise Failed(f"exit code {process.returncode}, see {log}")
    return Measure(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)


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
