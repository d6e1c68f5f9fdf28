"""The laws, the tests that prove each of them, and how those tests last ended.

docs/laws.yml names the tests of each law. Results of dbt's tests are in its run_results.json, those
of pytest in the JUnit files of `make test` and `make test-deep`.
"""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import yaml

from stedi.errors import StediError

PASSED, FAILED, NOT_RUN = "passed", "failed", "not run"
_DBT_STATES = {"pass": PASSED, "skipped": NOT_RUN}  # every other status of a test is a failure
# dbt also writes run results for commands that only compile tests, as if all had succeeded.
_COMMANDS_THAT_TEST = ("build", "test")


@dataclass(frozen=True)
class Outcome:
    """How a test, a test file or a folder of them ended: PASSED, FAILED or NOT_RUN."""

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
    def state(self) -> str:
        """`broken` if a test failed, `proven` if all passed, `proven in part` if some did not run,
        `not proven` if none passed."""
        states = {test.state for test in self.tests}
        if FAILED in states:
            return "broken"
        if PASSED not in states:
            return "not proven"
        return "proven" if states == {PASSED} else "proven in part"


@dataclass(frozen=True)
class Results:
    """Results of one runner, by the test's name. when: the time of the run.

    problem: why there are no results, or "".
    """

    tests: dict[str, Outcome] = field(default_factory=dict)
    when: datetime | None = None
    problem: str = ""

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

    Raises StediError if the file is missing or not a list of laws.
    """
    outcomes = {name: test for result in results for name, test in result.tests.items()}
    try:
        return [
            Law(
                int(law["number"]),
                str(law["name"]),
                str(law["says"]),
                tuple(_outcome(str(test), outcomes) for test in law["tests"]),
            )
            for law in yaml.safe_load(path.read_text(encoding="utf-8"))
        ]
    except OSError as error:
        raise StediError(f"{path}: {error.strerror}; restore it from version control") from error
    except (yaml.YAMLError, KeyError, TypeError, ValueError) as error:
        raise StediError(
            f"{path}: not a list of laws, each with number, name, says and tests ({error!r})"
        ) from error


def dbt_results(path: Path) -> Results:
    """The results of dbt's tests, unit tests included, in a run_results.json."""
    if not path.exists():
        return Results(problem=f"{path}: no such file; `dbt test` writes it")
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        command = content["args"]["which"]
        when = datetime.fromisoformat(content["metadata"]["generated_at"])
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
    return Results(tests, when)


def pytest_results(*paths: Path) -> Results:
    """The results of pytest's test files, by path, from those of the JUnit files that exist."""
    existing = [path for path in paths if path.exists()]
    if not existing:
        return Results(problem=f"{paths[0]}: no such file; `make test` writes it")
    states: dict[str, Counter[str]] = {}
    began = []
    for path in existing:
        try:
            tree = ElementTree.parse(path).getroot()
            times = [suite.attrib["timestamp"] for suite in tree.iter("testsuite")]
            began.append(min(datetime.fromisoformat(time) for time in times))
        except (ElementTree.ParseError, KeyError, ValueError):
            return Results(problem=f"{path}: not results of pytest; run `make test` to rewrite it")
        for case in tree.iter("testcase"):
            file = "/".join(_modules(case.attrib["classname"])) + ".py"
            states.setdefault(file, Counter())[_state_of(case)] += 1
    tests = {file: _combined(file, counts) for file, counts in states.items()}
    return Results(tests, min(began).astimezone(UTC))


def _outcome(name: str, outcomes: Mapping[str, Outcome]) -> Outcome:
    """The outcome of a test, or of all files of a folder together."""
    if not name.endswith("/"):
        return outcomes.get(name, Outcome(name, NOT_RUN))
    files = (test for test in outcomes.values() if test.name.startswith(name))
    return _combined(name, Counter(test.state for test in files))


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
    """Tests together: failed if one failed, passed if at least one passed."""
    state = next((state for state in (FAILED, PASSED) if states[state]), NOT_RUN)
    return Outcome(name, state, ", ".join(f"{n:,} {state}" for state, n in sorted(states.items())))
