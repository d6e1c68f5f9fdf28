"""Makes random small mistakes in the project, one at a time, and sees which test notices each.

    python -m support.random_mutants --sql 100 --python 100 --seed 1

A mutant of SQL is judged by dbt's own tests and by the oracle: after a first build, after a night,
and after a full refresh by other rules. A mutant of Python is judged by the unit tests of its
package. What survives goes through the law tests that fit it. A mutant that does not compile, or
whose SQL no engine accepts, does not count. Survivors that change nothing are in
tests/mutants/equivalent.tsv, each with the reason. Fails where another one survives.
"""

from __future__ import annotations

import argparse
import csv
import multiprocessing
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import NamedTuple

from support import two_days
from support.duckdb_tables import tables
from support.lakehouse import PROJECT, Lakehouse
from support.mutants import PYTHON, SQL, Mutant, mutants_of
from support.oracle import Rows
from support.project_copy import copy_project
from support.replay import beside_python

EQUIVALENT = PROJECT / "tests" / "mutants" / "equivalent.tsv"
OUTPUT = PROJECT / "target" / "mutants.tsv"
SECONDS = 600  # for a test run, and for dbt on a mutant; after that, it has noticed it
KILLED, SURVIVED, INVALID, UNJUDGED = "killed", "survived", "does not count", "not judged"

# Law tests by the beginning of a file's path; all that fit are run.
LAWS = {
    "macros/build/": ("dbt_starts", "backfill"),
    "macros/engines/": ("bad_input", "schema_changes"),
    "macros/fields/": ("bad_input",),
    "macros/upkeep/": ("convergence", "backfill", "schema_changes", "histories_converge"),
    "models/audit/": ("audit",),
    "models/staging/": ("convergence", "histories_converge"),
    "scripts/stedi/duckdb_target/": ("bad_input",),
    "scripts/stedi/erasure/": ("erasure",),
    "scripts/stedi/landing/": ("backfill",),
    "scripts/stedi/lineage/": ("minimisation",),
    "scripts/stedi/maintenance/": ("maintenance", "rotate_key"),
    "scripts/stedi/restricted/": ("rotate_key", "erasure"),
    "scripts/stedi/search/": ("erasure",),
    "scripts/stedi/synthetic/": ("against_expectation",),
}
OTHER_TESTS = {
    "scripts/stedi/evidence/": ["tests/documents/test_evidence_page.py"],
    "scripts/stedi/commands/": ["tests/documents/test_commands.py", "tests/unit/provisioning"],
    "scripts/stedi/aws/": ["tests/unit/provisioning"],
}
REFUSED = re.compile(
    r"(Binder|Parser|Catalog|Compilation|Parsing|Syntax) Error"
    r"|enforced contract|Encountered an error"
)


class Verdict(NamedTuple):
    """What became of a mutant. by: the tests that noticed it, or why it does not count."""

    mutant: Mutant
    outcome: str
    by: str
    seconds: float


class TimedOut(Exception):
    """Something went on for too long."""


@contextmanager
def at_most(seconds: int) -> Iterator[None]:
    """Raises TimedOut after some seconds, and kills this process's children."""

    def ring(*_: object) -> None:
        for child in multiprocessing.active_children():
            child.kill()
        raise TimedOut

    signal.signal(signal.SIGALRM, ring)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)


@cache
def expected(*days: str, scope: str = "since_consent", age: int = 0) -> dict[str, Rows]:
    return two_days.expected(*days, scope=scope, minimum_age=age)


class Judge:
    """A process's own copy of the project, in which it makes one mistake after another."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._project = folder, folder / "project"
        self._project.mkdir()
        copy_project(self._project)
        self._runs = 0
        self._passing: set[str] = set()  # tests that pass without a mutant

    def check_unbroken(self) -> None:
        """Raises RuntimeError where the project without a mutant does not survive dbt's tests and
        the oracle."""
        outcome, by = self._sql()
        if outcome != SURVIVED:
            raise RuntimeError(f"without a mutant: {outcome} by {by}")

    def verdict(self, mutant: Mutant) -> Verdict:
        start = time.monotonic()
        with self._made(mutant):
            try:
                with at_most(3 * SECONDS):
                    outcome, by = self._outcome(mutant)
            except (subprocess.TimeoutExpired, TimedOut):
                outcome, by = KILLED, "timeout"
        if outcome == KILLED and "::" in by:
            self._check_passes(by.split(" ")[0])
        return Verdict(mutant, outcome, by, time.monotonic() - start)

    @contextmanager
    def _made(self, mutant: Mutant) -> Iterator[None]:
        path = self._project / mutant.file
        text = path.read_text()
        path.write_text(mutant.apply(text))
        try:
            yield
        finally:
            path.write_text(text)

    def _outcome(self, mutant: Mutant) -> tuple[str, str]:
        if mutant.file.endswith(".sql"):
            outcome, by = self._sql()
            if outcome != SURVIVED:
                return outcome, by
        else:
            module = mutant.file.removeprefix("scripts/").removesuffix(".py").replace("/", ".")
            imported = self._run(
                [sys.executable, "-c", f"import {module.removesuffix('.__init__')}"]
            )
            if imported.returncode:
                return INVALID, imported.stderr.strip().splitlines()[-1]
        for tests in self._tests(mutant.file):
            if failed := self._failed(tests):
                return KILLED, failed
        return SURVIVED, ""

    def _tests(self, file: str) -> Iterator[list[str]]:
        """Test files and folders that fit a file, the quickest first."""
        if file.startswith("scripts/"):
            parts = file.split("/")
            unit = f"tests/unit/{parts[2]}" if len(parts) > 3 else "tests/unit/commands"
            if (self._project / unit).is_dir():
                yield [unit]
        for begins, names in LAWS.items():
            if file.startswith(begins):
                yield [f"tests/laws/test_{name}.py" for name in names]
        for begins, paths in OTHER_TESTS.items():
            if file.startswith(begins):
                yield paths

    def _failed(self, tests: list[str]) -> str:
        """The first test that fails, with what it says; "" where all pass."""
        command = [sys.executable, "-m", "pytest", "-q", "-x", "-m", "not deep", "--tb=line"]
        ran = self._run([*command, "-p", "no:cacheprovider", *tests])
        found = re.search(r"^(?:FAILED|ERROR) (\S+::\S.*?)(?: - (.*))?$", ran.stdout, re.MULTILINE)
        if found:
            return f"{found[1]} {(found[2] or '')[:80]}".strip()
        return "" if ran.returncode == 0 else f"pytest ended with {ran.returncode}"

    def _check_passes(self, test: str) -> None:
        name = test.partition("[")[0]
        if name not in self._passing:
            if failed := self._failed([name]):
                raise RuntimeError(f"{failed}: fails without a mutant")
            self._passing.add(name)

    def _run(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        paths = os.pathsep.join(str(self._project / name) for name in ("scripts", "tests", "bench"))
        return subprocess.run(
            command, cwd=self._project, env=os.environ | {"PYTHONPATH": paths},
            capture_output=True, text=True, timeout=SECONDS,
        )  # fmt: skip

    def _sql(self) -> tuple[str, str]:
        """What dbt's tests and the oracle say of the project as it is now."""
        self._runs += 1
        lakehouse = two_days.build_of(self._folder / f"lakehouse-{self._runs}", self._project)
        lakehouse.parse_again()
        first, second = two_days.FIRST, two_days.SECOND
        whole = "--full-refresh", "--vars", "{consent_scope: any_time, minimum_age: 18}"
        for when, options, right in (
            ("", (), expected(first)),
            (" in a night", ("--exclude-resource-type", "unit_test"), expected(first, second)),
            (" by other rules", (*whole, "--exclude-resource-type", "unit_test"),
             expected(first, second, scope="any_time", age=18)),
        ):  # fmt: skip
            if when == " in a night":
                two_days.land(lakehouse, second)
            outcome, by = self._built(lakehouse, options, right)
            if outcome == INVALID and when:  # its first build was none, so it is refused or breaks
                outcome = KILLED
            if outcome != SURVIVED:
                return outcome, by + when
        return SURVIVED, ""

    def _built(
        self, lakehouse: Lakehouse, options: tuple[str, ...], right: dict[str, Rows]
    ) -> tuple[str, str]:
        result = lakehouse.dbt(
            "--log-level", "none", "--no-write-json", "--log-level-file", "none",
            "build", "--fail-fast", "--threads", "1", *options,
        )  # fmt: skip
        if not result.success:
            if "Failure in" in result.errors:
                failed = sorted(result.failed)
                more = f" and {len(failed) - 1} more" if len(failed) > 1 else ""
                return KILLED, f"{failed[0]}{more}"
            said = " ".join(result.errors.split())
            if REFUSED.search(said):
                return INVALID, said[-160:]
            return KILLED, f"the build fails: {said[-120:]}"
        wrong = [d.table for d in beside_python(tables(lakehouse.database), right)]
        return (KILLED, f"oracle: {wrong[0]}") if wrong else (SURVIVED, "")


def sample(sql: int, python: int, seed: int, only: str = "") -> list[Mutant]:
    """Mutants of the project, the same for a seed and the same files."""
    drawn = []
    for folders, number in ((SQL, sql), (PYTHON, python)):
        found = [m for m in mutants_of(PROJECT, folders) if m.file.startswith(only)]
        drawn += random.Random(seed).sample(found, min(number, len(found)))
    return drawn


def equivalent() -> dict[tuple[str, str, str], str]:
    """The reasons why mutants change nothing, by file and line before and after."""
    with EQUIVALENT.open(encoding="utf-8") as file:
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return {(row["file"], row["was"], row["is"]): row["reason"] for row in rows}


def key_of(mutant: Mutant) -> tuple[str, str, str]:
    return (mutant.file, *mutant.lines((PROJECT / mutant.file).read_text()))


_JUDGE: list[Judge] = []


def _prepare(folder: str) -> None:
    _JUDGE.append(Judge(Path(tempfile.mkdtemp(dir=folder))))
    for name in [*os.environ]:
        if name.startswith(("AWS_", "DBT_", "STEDI_")):
            del os.environ[name]
    os.environ["DBT_SEND_ANONYMOUS_USAGE_STATS"] = "false"


def _check_unbroken() -> None:
    _JUDGE[0].check_unbroken()


def _judge(mutant: Mutant) -> Verdict:
    try:
        return _JUDGE[0].verdict(mutant)
    except Exception as error:  # one mutant that breaks the judge must not end the others
        return Verdict(mutant, UNJUDGED, repr(error)[:160], 0.0)


def main() -> int:
    """Prints each verdict, writes them all to a file, and returns an exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sql", type=int, default=100, help="how many mutants of SQL and Jinja")
    parser.add_argument("--python", type=int, default=100, help="how many mutants of Python")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="beginning of the path of the files to mutate")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--output", type=Path, default=OUTPUT)
    asked = parser.parse_args()
    drawn = sample(asked.sql, asked.python, asked.seed, asked.only)
    known, counts = equivalent(), Counter[str]()
    unexplained = []
    asked.output.parent.mkdir(parents=True, exist_ok=True)
    spawn = multiprocessing.get_context("spawn")
    with (
        tempfile.TemporaryDirectory() as folder,
        asked.output.open("w", encoding="utf-8") as file,
        ProcessPoolExecutor(asked.processes, spawn, _prepare, (folder,)) as pool,
    ):
        if any(mutant.file.endswith(".sql") for mutant in drawn):
            pool.submit(_check_unbroken).result()
        print("outcome", "file", "line", "kind", "was", "is", "by", "seconds", sep="\t", file=file)
        for done in as_completed([pool.submit(_judge, mutant) for mutant in drawn]):
            mutant, outcome, by, seconds = done.result()
            text = (PROJECT / mutant.file).read_text()
            was, becomes = mutant.lines(text)
            if outcome in (SURVIVED, UNJUDGED):
                reason = known.get((mutant.file, was, becomes), "")
                outcome, by = (outcome, by) if not reason else ("equivalent", reason)
                if not reason:
                    unexplained.append(f"{mutant.file}:{mutant.line(text)}: {was} -> {becomes}")
            counts[outcome] += 1
            print(outcome, mutant.file, mutant.line(text), mutant.kind, was, becomes, by,
                  f"{seconds:.0f}", sep="\t", file=file, flush=True)  # fmt: skip
            print(f"{counts.total():4} {outcome:14} {mutant.file}:{mutant.line(text)} "
                  f"{mutant.kind}: {by}", flush=True)  # fmt: skip
    judged = counts[KILLED] + counts[SURVIVED]
    print(", ".join(f"{number} {outcome}" for outcome, number in sorted(counts.items())))
    print(f"{counts[KILLED]} of {judged} noticed ({counts[KILLED] / max(judged, 1):.1%}); the list "
          f"is in {asked.output}")  # fmt: skip
    for each in unexplained:
        print(f"survived: {each}")
    return 1 if unexplained else 0


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        sys.exit(main())
    sys.exit(130)
