"""What is measured, each as a command of its own process on a database file of its own."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path

from project import BENCH, PROJECT
from stedi.restricted.pseudonym_key import make_key


@dataclass(frozen=True)
class Command:
    """A process to start in the project's folder, and what its environment has more."""

    arguments: tuple[str, ...]
    environment: dict[str, str] = field(default_factory=dict)


def dbt(landing: Path, work: Path, *words: str) -> Command:
    """A whole dbt command, `dbt run` unless other words are given, as the example profile has it.

    Of what it finds in `work` it makes use, as every night of the night before.
    """
    shutil.copy(PROJECT / "profiles.yml.example", work / "profiles.yml")
    make_key(work / "key")
    program = str(Path(sys.executable).with_name("dbt"))
    return Command(
        (program, *(words or ("run",)), "--profiles-dir", str(work)),
        {
            "STEDI_LANDING": str(landing),
            "STEDI_DUCKDB": str(database(work)),
            "STEDI_PSEUDONYM_KEY_FILE": str(work / "key"),
            "DBT_TARGET_PATH": str(work / "target"),
            "DBT_LOG_PATH": str(work / "logs"),
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        },
    )


def by_hand(landing: Path, work: Path) -> Command:
    """The same joins in plain DuckDB."""
    return Command((sys.executable, str(BENCH / "by_hand.py"), str(landing), str(database(work))))


def parse_only(landing: Path, work: Path) -> Command:
    """Every field of every file parsed, nothing kept: no program can be faster."""
    return Command((sys.executable, str(BENCH / "parse_only.py"), str(landing)))


CONTENDERS = {"dbt": dbt, "by hand": by_hand, "parse only": parse_only}


def database(work: Path) -> Path:
    """The database file that a contender writes in its folder."""
    return work / "bench.duckdb"


def fresh(work: Path) -> Path:
    """The folder, emptied."""
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    return work


def environment(command: Command) -> dict[str, str]:
    """The whole environment of a command; dbt and STEDI settings of the caller do not count."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("DBT_", "STEDI_"))}
    return kept | command.environment
