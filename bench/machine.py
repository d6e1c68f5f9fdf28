"""What figures hold for."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version

from measure import MIB

PACKAGES = ("dbt-core", "dbt-duckdb", "duckdb")


def machine() -> str:
    """Cores, memory, versions and how busy it is."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1024 * MIB)
    cores = len(os.sched_getaffinity(0))
    return ", ".join(
        [
            f"{cores} cores, {memory:.0f} GiB, Python {platform.python_version()}",
            *(f"{package} {version(package)}" for package in PACKAGES),
            f"load {os.getloadavg()[0]:.1f} when it began",
        ]
    )
