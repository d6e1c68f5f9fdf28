"""Which laws are proven, from the results that dbt and pytest leave behind."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from stedi.errors import StediError
from stedi.evidence.laws import Results, dbt_results, pytest_results, read_laws
from support.targets import PROJECT

LAWS = PROJECT / "docs" / "laws.yml"


def results(tmp_path: Path, which: str, **statuses: str) -> Results:
    """What run results of a dbt command say."""
    path = tmp_path / "run_results.json"
    found = {
        "metadata": {"generated_at": "2026-01-31T09:00:00.0Z"},
        "args": {"which": which},
        "results": [
            {"unique_id": f"test.stedi_lakehouse.{name}", "status": status, "failures": 3}
            for name, status in statuses.items()
        ],
    }
    path.write_text(json.dumps(found))
    return dbt_results(path)


@pytest.mark.parametrize(
    ("status", "state"),
    [("pass", "proven in part"), ("fail", "broken"), ("error", "broken"), ("warn", "broken"),
     ("runtime error", "broken"), ("skipped", "not proven")],
)  # fmt: skip
def test_state_of_a_law_follows_from_its_tests(status: str, state: str, tmp_path: Path) -> None:
    found = read_laws(LAWS, results(tmp_path, "test", assert_lines_are_conserved=status))
    assert [law.state for law in found if law.number == 3] == [state]
    assert {law.state for law in found if law.number != 3} == {"not proven"}


def test_compiled_tests_prove_nothing(tmp_path: Path) -> None:
    found = results(tmp_path, "generate", assert_lines_are_conserved="success")
    assert found.tests == {}
    assert found.problem.endswith("written by `dbt generate`, which runs no tests; run `dbt test`")


JUNIT = """<testsuites><testsuite timestamp="2026-01-31T10:00:00+01:00">
<testcase classname="tests.laws.test_forgetting" name="a" />
<testcase classname="tests.laws.test_forgetting" name="b"><skipped /></testcase>
<testcase classname="tests.laws.test_one_sql.TestIt" name="c"><failure /></testcase>
<testcase classname="tests.laws.test_one_sql" name="d" />
<testcase classname="tests.athena.test_budget" name="e"><skipped /></testcase>
</testsuite></testsuites>"""


def laws_with(folder: Path, *tests: list[str]) -> Path:
    """A file of laws, one for each list of tests."""
    path = folder / "laws.yml"
    laws = [{"number": 1, "name": "Law", "says": "It is so.", "tests": names} for names in tests]
    path.write_text(yaml.safe_dump(laws))
    return path


def test_pytest_results_prove_laws(tmp_path: Path) -> None:
    path = tmp_path / "tests.xml"
    path.write_text(JUNIT)
    found = pytest_results(path)
    files = ("laws/test_forgetting", "laws/test_one_sql", "athena/test_budget")
    laws = read_laws(laws_with(tmp_path, *([f"tests/{file}.py"] for file in files)), found)
    assert [law.state for law in laws] == ["proven in part", "broken", "not proven"]
    assert f"{found.when:%H:%M}" == "09:00"
    assert found.failed == ["tests/laws/test_one_sql.py"]


def test_results_of_several_runs_are_combined(tmp_path: Path) -> None:
    """A test that failed in one run has failed, even if it passed in another."""
    here, deep, none = (tmp_path / name for name in ("tests.xml", "deep-tests.xml", "none.xml"))
    here.write_text(JUNIT)
    deep.write_text(JUNIT.replace("<failure />", "").replace("T10:", "T09:"))
    for found in (pytest_results(here, deep, none), pytest_results(none, deep, here)):
        assert found.tests["tests/laws/test_one_sql.py"].note == "1 failed, 1 passed"
        assert found.failed == ["tests/laws/test_one_sql.py"]
        assert f"{found.when:%H}" == "08"
    assert pytest_results(deep, none).failed == []


@pytest.mark.parametrize(
    ("of_b", "state", "note"),
    [("<skipped />", "proven in part", "1 not run, 1 passed"), ("", "proven", "2 passed")],
)
def test_a_law_with_a_skipped_test_is_not_proven(
    of_b: str, state: str, note: str, tmp_path: Path
) -> None:
    path = tmp_path / "tests.xml"
    path.write_text(JUNIT.replace("<skipped />", of_b))
    named = laws_with(tmp_path, ["tests/laws/test_forgetting.py"])
    (law,) = read_laws(named, pytest_results(path))
    assert (law.state, law.tests[0].note) == (state, note)


def test_a_test_that_another_run_has_passed_is_not_skipped(tmp_path: Path) -> None:
    here, deep = tmp_path / "tests.xml", tmp_path / "deep-tests.xml"
    here.write_text(JUNIT)
    deep.write_text(JUNIT.replace("<skipped />", ""))
    for found in (pytest_results(here, deep), pytest_results(deep, here)):
        assert found.tests["tests/laws/test_forgetting.py"].note == "2 passed"


def test_a_law_with_a_test_that_was_left_out_is_not_proven(tmp_path: Path) -> None:
    """As `make test` leaves deep tests out, and `make test-deep` the others."""
    here, deep = tmp_path / "tests.xml", tmp_path / "deep-tests.xml"
    suite = """<testsuites><testsuite timestamp="2026-01-31T10:00:00+01:00"><properties>
        <property name="deselected" value="{} tests/laws/test_a.py" /></properties>
        <testcase classname="tests.laws.test_a" name="{}" /></testsuite></testsuites>"""
    here.write_text(suite.format(2, "a"))
    named = laws_with(tmp_path, ["tests/laws/test_a.py"])
    (law,) = read_laws(named, pytest_results(here))
    assert (law.state, law.tests[0].note) == ("proven in part", "2 not run, 1 passed")
    deep.write_text(
        suite.format(1, "b").replace(
            "/></testsuite>",
            """/>
        <testcase classname="tests.laws.test_a" name="c" /></testsuite>""",
        )
    )
    (law,) = read_laws(named, pytest_results(here, deep))
    assert (law.state, law.tests[0].note) == ("proven", "3 passed")


def test_a_law_is_not_proven_by_a_folder_of_which_a_file_did_not_run(tmp_path: Path) -> None:
    """The laws are in docs/ of the project whose tests they name."""
    for name in ("a", "b"):
        file = tmp_path / "tests" / "unit" / f"test_{name}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    (tmp_path / "docs").mkdir()
    path = tmp_path / "tests.xml"
    path.write_text("""<testsuites><testsuite timestamp="2026-01-31T10:00:00+01:00">
        <testcase classname="tests.unit.test_a" name="a" /></testsuite></testsuites>""")
    (law,) = read_laws(laws_with(tmp_path / "docs", ["tests/unit/"]), pytest_results(path))
    assert (law.state, law.tests[0].note) == ("proven in part", "1 not run, 1 passed")


@pytest.mark.parametrize("processes", [(), pytest.param(("-n", "2"), marks=pytest.mark.deep)])
def test_pytest_notes_what_it_leaves_out(processes: tuple[str, ...], tmp_path: Path) -> None:
    name, path = "tests/athena/test_budget.py", tmp_path / "tests.xml"
    command = [sys.executable, "-m", "pytest", "-m", "not deep", *processes]
    arguments = [name, "tests/unit/provisioning/test_iam.py", "--junitxml", str(path)]
    done = subprocess.run([*command, *arguments], cwd=PROJECT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    found = pytest_results(path).tests[name]
    assert found.state == "not run"
    assert found.note.endswith(" not run")


def test_pytest_writes_the_format_that_is_read(tmp_path: Path) -> None:
    name, path = "tests/unit/provisioning/test_iam.py", tmp_path / "tests.xml"
    command = [sys.executable, "-m", "pytest", name, "--junitxml", str(path)]
    assert subprocess.run(command, cwd=PROJECT, capture_output=True).returncode == 0
    assert pytest_results(path).tests[name].state == "passed"


@pytest.mark.parametrize("read", [dbt_results, pytest_results])
@pytest.mark.parametrize("content", [None, "", "{}", "<a/>", "[]"])
def test_unusable_results_name_the_file(read: Any, content: str | None, tmp_path: Path) -> None:
    path = tmp_path / "results"
    if content is not None:
        path.write_text(content)
    found = read(path)
    assert found.tests == {}
    assert str(path) in found.problem


def test_a_folder_of_tests_is_as_good_as_its_files(tmp_path: Path) -> None:
    path = tmp_path / "tests.xml"
    path.write_text(JUNIT)
    named = laws_with(tmp_path, ["tests/laws/test_a.py", "tests/laws/", "tests/athena/"])
    (law,) = read_laws(named, pytest_results(path))
    assert [(test.name, test.state) for test in law.tests] == [
        ("tests/laws/test_a.py", "not run"),
        ("tests/laws/", "failed"),
        ("tests/athena/", "not run"),
    ]


@pytest.mark.parametrize("content", [None, "", "- 1", "- {number: 1}", "a: ["])
def test_unusable_laws_name_the_file(content: str | None, tmp_path: Path) -> None:
    path = tmp_path / "laws.yml"
    if content is not None:
        path.write_text(content)
    with pytest.raises(StediError) as error:
        read_laws(path)
    assert str(error.value).startswith(f"{path}: ")
