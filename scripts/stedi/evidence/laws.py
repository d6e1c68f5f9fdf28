"""The laws, the tests that prove each of them, and how those tests last ended.

docs/laws.yml names the tests of each law. Results of dbt's tests are in its run_results.json, those
of pytest in the JUnit files of `make test` and `make test-deep`.
"""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import yaml

from stedi.errors import StediError

PASSED, IN_PART, FAILED, NOT_RUN = "passed", "in part", "failed", "not run"
_WORST_FIRST = (FAILED, PASSED, NOT_RUN)
DESELECTED = "deselected"  # property of a JUnit file: a number of tests, and their file
_DBT_STATES = {"pass": PASSED, "skipped": NOT_RUN}  # every other status of a test is a failure
# dbt also writes run results for commands that only compile tests, as if all had succeeded.
_COMMANDS_THAT_TEST = ("build", "test")


@dataclass(frozen=True)
class Outcome:
    """How a test, a test file or a folder of them ended.

    IN_PART: tests of a file or folder passed, and some did not run.
    """

    name: str
    state: str
    note: str = ""


@dataclass(frozen=True)
class Law:
    """A law, what it says, and the tests that fail when it is broken."""

    number: int
    name: str
    says: str
    tests: tuple[Outcome, ...]

    @property
    def on_tables(self) -> Law:
        """The law with its data tests alone, which look at the tables of a lakehouse."""
        return replace(self, tests=tuple(t for t in self.tests if "/" not in t.name))

    @property
    def state(self) -> str:
        """`broken` if a test failed, `proven` if all ran and passed, `proven in part` if some were
        skipped or did not run, `not proven` if none passed."""
        state = _together(Counter(test.state for test in self.tests))
        return {
            FAILED: "broken", PASSED: "proven", IN_PART: "proven in part", NOT_RUN: "not proven",
        }[state]  # fmt: skip


@dataclass(frozen=True)
class Results:
    """Results of one run, by the test's name. when: the time of the run.

    problem: why there are no results, or "". build_id: of the `dbt build` that ran the tests; ""
    for `dbt test`, which looks at everything.
    """

    tests: dict[str, Outcome] = field(default_factory=dict)
    when: datetime | None = None
    problem: str = ""
    build_id: str = ""

    @property
    def states(self) -> Counter[str]:
        """How many tests are in each state."""
        return Counter(test.state for test in self.tests.values())

    @property
    def failed(self) -> list[str]:
        """The names of the failed tests."""
        return sorted(test.name for test in self.tests.values() if test.state == FAILED)


def read_laws(path: Path, *results: Results) -> list[Law]:
    """The laws of docs/laws.yml, each with the outcomes of its tests.

    A file that is in a folder of tests and in no results has not run. Raises StediError if the file
    is missing or not a list of laws.
    """
    project = path.parent.parent
    outcomes = {name: test for result in results for name, test in result.tests.items()}
    try:
        return [
            Law(
                int(law["number"]),
                str(law["name"]),
                str(law["says"]),
                tuple(_outcome(str(test), outcomes, project) for test in law["tests"]),
            )
            for law in yaml.safe_load(path.read_text(encoding="utf-8"))
        ]
    except OSError as error:
        raise StediError(f"{path}: {error.strerror}; restore it from version control") from error
    except (yaml.YAMLError, KeyError, TypeError, ValueError) as error:
        raise StediError(
            f"{path}: not a list of laws, each with number, name, says and tests ({error!r})"
        ) from error


def latest_dbt_results(*paths: Path) -> Results:
    """The results of dbt's tests in the latest of some files; where none has any, the last one's
    problem."""
    found = [dbt_results(path) for path in paths]
    usable = [results for results in found if results.when and results.tests]
    return max(usable, key=lambda results: results.when or datetime.min, default=found[-1])


def dbt_results(path: Path) -> Results:
    """The results of dbt's tests, unit tests included, in a run_results.json."""
    if not path.exists():
        return Results(problem=f"{path}: no such file; `dbt test` writes it")
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        command = content["args"]["which"]
        when = datetime.fromisoformat(content["metadata"]["generated_at"])
        build_id = content["metadata"]["invocation_id"] if command == "build" else ""
        nodes = [
            (r["unique_id"].split("."), r["status"], r["failures"]) for r in content["results"]
        ]
    except (KeyError, TypeError, ValueError):
        return Results(problem=f"{path}: not dbt's run results; run `dbt test` to rewrite it")
    if command not in _COMMANDS_THAT_TEST:
        return Results(
            problem=f"{path}: written by `dbt {command}`, which runs no tests; run `dbt test`"
        )
    tests = {}
    for (kind, _, *parts), status, failures in nodes:
        if kind in ("test", "unit_test"):
            name = ".".join(parts)
            note = f"{failures:,} rows" if status == "fail" and failures else ""
            tests[name] = Outcome(name, _DBT_STATES.get(status, FAILED), note)
    return Results(tests, when, build_id=build_id)


def pytest_results(*paths: Path) -> Results:
    """The results of pytest's test files, by path, from those of the JUnit files that exist.

    A test that was skipped in one run and passed in another has passed; one that failed in any run
    has failed. A test that no run has selected has not run.
    """
    existing = [path for path in paths if path.exists()]
    if not existing:
        return Results(problem=f"{paths[0]}: no such file; `make test` writes it")
    states: dict[str, dict[str, str]] = {}
    known: Counter[str] = Counter()
    began = []
    for path in existing:
        try:
            tree = ElementTree.parse(path).getroot()
            times = [suite.attrib["timestamp"] for suite in tree.iter("testsuite")]
            began.append(min(datetime.fromisoformat(time) for time in times))
            deselected = _deselected(tree)
        except (ElementTree.ParseError, KeyError, ValueError):
            return Results(problem=f"{path}: not results of pytest; run `make test` to rewrite it")
        run: Counter[str] = Counter()
        for case in tree.iter("testcase"):
            file = "/".join(_modules(case.attrib["classname"])) + ".py"
            tests = states.setdefault(file, {})
            name = f"{case.attrib['classname']} {case.attrib['name']}"
            run[file] += name not in tests
            tests[name] = min(_state_of(case), tests.get(name, NOT_RUN), key=_WORST_FIRST.index)
        for file, number in deselected.items():
            known[file] = max(known[file], run[file] + number)
    counts = {file: Counter(tests.values()) for file, tests in states.items()}
    for file, number in known.items():
        found = counts.setdefault(file, Counter())
        found[NOT_RUN] += max(0, number - found.total())
    combined = {file: _combined(file, found) for file, found in counts.items()}
    return Results(combined, min(began).astimezone(UTC))


def _deselected(tree: ElementTree.Element) -> Counter[str]:
    """How many tests of each file a run has left out; tests/conftest.py notes them."""
    found: Counter[str] = Counter()
    for entry in tree.iter("property"):
        if entry.attrib["name"] == DESELECTED:
            number, _, file = entry.attrib["value"].partition(" ")
            found[file] += int(number)
    return found


def _outcome(name: str, outcomes: Mapping[str, Outcome], project: Path) -> Outcome:
    """The outcome of a test, or of all test files of a folder together."""
    if not name.endswith("/"):
        return outcomes.get(name, Outcome(name, NOT_RUN))
    on_disk = {path.relative_to(project).as_posix() for path in (project / name).glob("test_*.py")}
    files = on_disk | {file for file in outcomes if file.startswith(name)}
    return _combined(
        name, Counter(outcomes[file].state if file in outcomes else NOT_RUN for file in files)
    )


def _modules(classname: str) -> Iterator[str]:
    """The parts of a test file's path, from JUnit's name of a test class or module."""
    for part in classname.split("."):
        yield part
        if part.startswith("test_"):
            return


def _state_of(case: ElementTree.Element) -> str:
    tags = {child.tag for child in case}
    if tags & {"failure", "error"}:
        return FAILED
    return NOT_RUN if "skipped" in tags else PASSED


def _combined(name: str, states: Counter[str]) -> Outcome:
    note = ", ".join(f"{n:,} {state}" for state, n in sorted(states.items()) if n)
    return Outcome(name, _together(states), note)


def _together(states: Counter[str]) -> str:
    """The state of tests together, from how many of them are in each state."""
    present = {state for state, number in states.items() if number}
    if FAILED in present:
        return FAILED
    if not present or present == {NOT_RUN}:
        return NOT_RUN
    return PASSED if present == {PASSED} else IN_PART
