"""The laws, the tests that prove each, and what those came to when they last ran.

The README's table of the laws is where it stands which test proves which law. Results of dbt's
tests are in its run_results.json, those of pytest in the JUnit files of `make test` and
`make test-deep`.
"""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path

from stedi.errors import StediError

PASSED, FAILED, NOT_RUN = "passed", "failed", "not run"
_ROW = re.compile(r"^\| (\d+) \| (.+?) \| (.+?) \| (.+?) \|$", re.MULTILINE)
# A test of dbt; a file of pytest's, which may go without its folder behind another of the same; a
# folder of such files.
_TEST = re.compile(r"`(assert_\w+|(?:tests/\w+/)?test_\w+\.py|tests/\w+/)`")
_LINK = re.compile(r"\[([^]]+)\]\([^)]+\)")
# A dbt command that only compiles tests writes run results too, in which all of them are well.
_RAN_TESTS = ("build", "test")


class NoLaws(StediError):
    """A README without a table of laws. Its text says what is looked for."""


@dataclass(frozen=True)
class Proof:
    """A test that proves a law. state: PASSED, FAILED or NOT_RUN; note: more of it."""

    name: str
    state: str
    note: str = ""


@dataclass(frozen=True)
class Law:
    """A law with what it says and the tests that prove it."""

    number: int
    name: str
    says: str
    tests: tuple[Proof, ...]

    @property
    def state(self) -> str:
        """`broken` where a test failed, `proven` where all have passed, `proven in part` where some
        have, else `not proven`."""
        states = {test.state for test in self.tests}
        if FAILED in states:
            return "broken"
        if PASSED not in states:
            return "not proven"
        return "proven" if states == {PASSED} else "proven in part"


@dataclass(frozen=True)
class Results:
    """What tests came to. tests: by name; when: None where none is known; why_not: why none is.

    others: how many tests there were in all of each state, and failed: the names of those.
    """

    tests: dict[str, Proof] = field(default_factory=dict)
    when: datetime | None = None
    why_not: str = ""
    others: Counter[str] = field(default_factory=Counter)
    failed: tuple[str, ...] = ()


def laws(readme: str, *results: Results) -> list[Law]:
    """The laws in the README's order. Raises NoLaws."""
    found = _ROW.findall(readme)
    if not found:
        raise NoLaws("no law stands in the README: rows of `| number | law | what | tests |`")
    known = {name: test for result in results for name, test in result.tests.items()}
    return [
        Law(
            int(number),
            name,
            _LINK.sub(r"\1", says),
            tuple(_came_to(test, known) for test in _tests(tests)),
        )
        for number, name, says, tests in found
    ]


def dbt_results(path: Path) -> Results:
    """The results of dbt's tests, unit tests among them, in a run_results.json."""
    if not path.exists():
        return Results(why_not=f"{path}: no such file; `dbt test` writes it")
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        command = found["args"]["which"]
        when = datetime.fromisoformat(found["metadata"]["generated_at"])
        ran = [(r["unique_id"].split("."), r["status"], r["failures"]) for r in found["results"]]
    except (KeyError, TypeError, ValueError):
        return Results(why_not=f"{path}: no run results of dbt; `dbt test` writes it anew")
    if command not in _RAN_TESTS:
        return Results(why_not=f"{path}: of `dbt {command}`, which runs no tests; run `dbt test`")
    tests = {}
    for (kind, _, *names), status, failures in ran:
        if kind in ("test", "unit_test"):
            note = f"{failures:,} rows" if status == "fail" and failures else ""
            tests[".".join(names)] = Proof(".".join(names), _STATES.get(status, FAILED), note)
    return Results(tests, when, "", *_summed(tests))


def pytest_results(*paths: Path) -> Results:
    """The results of pytest's files, by their path, in the JUnit files that are there."""
    there = [path for path in paths if path.exists()]
    if not there:
        return Results(why_not=f"{paths[0]}: no such file; `make test` writes it")
    files: dict[str, Counter[str]] = {}
    began = []
    for path in there:
        try:
            tree = ElementTree.parse(path).getroot()
            began += [datetime.fromisoformat(s.attrib["timestamp"]) for s in tree.iter("testsuite")]
            when = min(began)
        except (ElementTree.ParseError, KeyError, ValueError):
            return Results(why_not=f"{path}: no results of pytest; `make test` writes it anew")
        for case in tree.iter("testcase"):
            name = "/".join(_file_of(case.attrib["classname"])) + ".py"
            files.setdefault(name, Counter())[_state_of(case)] += 1
    tests = {name: _of_all(name, states) for name, states in files.items()}
    return Results(tests, when.astimezone(timezone.utc), "", *_summed(tests))


def _tests(named: str) -> Iterator[str]:
    folder = ""
    for name in _TEST.findall(named):
        if "/" in name:
            folder = name.rpartition("/")[0]
        elif name.startswith("test_"):
            name = f"{folder}/{name}"
        yield name


def _came_to(name: str, known: dict[str, Proof]) -> Proof:
    """What a test came to, or all files of a folder together."""
    if not name.endswith("/"):
        return known.get(name, Proof(name, NOT_RUN))
    return _of_all(name, Counter(t.state for t in known.values() if t.name.startswith(name)))


_STATES = {"pass": PASSED, "skipped": NOT_RUN}


def _summed(tests: dict[str, Proof]) -> tuple[Counter[str], tuple[str, ...]]:
    states = Counter(test.state for test in tests.values())
    return states, tuple(sorted(t.name for t in tests.values() if t.state == FAILED))


def _file_of(classname: str) -> Iterator[str]:
    """The parts of a path: modules, without a class in the last one."""
    for part in classname.split("."):
        yield part
        if part.startswith("test_"):
            return


def _state_of(case: ElementTree.Element) -> str:
    tags = {child.tag for child in case}
    if tags & {"failure", "error"}:
        return FAILED
    return NOT_RUN if "skipped" in tags else PASSED


def _of_all(name: str, states: Counter[str]) -> Proof:
    """Tests together have passed if each of them that ran has, and one did."""
    state = next((state for state in (FAILED, PASSED) if states[state]), NOT_RUN)
    return Proof(name, state, ", ".join(f"{n:,} {state}" for state, n in sorted(states.items())))
