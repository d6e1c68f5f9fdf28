"""A lakehouse that was built on both engines, for several tests to read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from local_athena.athena import Execution
from support.athena.local import LocalLakehouse, Result
from support.athena.parity import build_both


@dataclass
class Built:
    """A landing root and what was made of it."""

    local: LocalLakehouse
    landing: Path
    database: Path  # DuckDB's
    result: Result  # of the build on Athena
    queries: list[Execution]  # of it, all of them


def built(local: LocalLakehouse, landing: Path, tests: bool) -> Built:
    """Builds a landing root on both engines, on Athena with its tests if wanted."""
    local.engine.executions.clear()
    database, result = build_both(local, landing, tests=tests)
    return Built(local, landing, database, result, [*local.engine.executions.values()])
