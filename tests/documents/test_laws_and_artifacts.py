"""Which law is proven, by which test, and what the page says where it does not know."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stedi.evidence.fields import lineage
from stedi.evidence.lakehouse import stored_on_disk
from stedi.evidence.laws import NoLaws, Results, dbt_results, laws, pytest_results
from stedi.evidence.sizes import sizes
from support.evidence_page import Made
from support.lakehouse import PROJECT
from support.page_tables import tables

README = (PROJECT / "README.md").read_text()
ON_PAGE = re.compile(r"(passed|failed|not run) (\S+)")


def test_the_readme_names_each_test_of_a_law() -> None:
    """Which law it is of, the test itself says in its first line."""
    said = defaultdict(set)
    for path in (PROJECT / "tests").glob("assert_*.sql"):
        first, *_ = path.read_text().partition(".")
        for number in re.findall(r"\d", first):
            said[int(number)].add(path.stem)
    listed = laws(README)
    named = {law.number: {t.name for t in law.tests if t.name[:6] == "assert"} for law in listed}
    assert {number: names for number, names in named.items() if names} == said
    assert [law.number for law in listed] == [1, 2, 3, 4, 5, 6, 7, 8]
    files = [t.name for law in listed for t in law.tests if t.name.endswith(".py")]
    assert [name for name in files if not (PROJECT / name).is_file()] == []
    assert all(law.tests for law in listed)


def test_the_page_says_what_dbts_tests_came_to(made: Made) -> None:
    found = {row.attributes["data-law"]: row for row in tables(made.page)["laws-table"]}
    assert len(found) == 8
    for number in "123":
        assert found[number].attributes["data-state"] == "proven"
        assert {state for state, _ in ON_PAGE.findall(found[number].cells[3])} == {"passed"}
    # the others are pytest's, which has left no results there
    assert found["6"].attributes["data-state"] == "proven in part"
    for number in "4578":
        assert found[number].attributes["data-state"] == "not proven"
        assert found[number].attributes["class"] == "red"


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
def test_a_law_is_what_its_tests_came_to(status: str, state: str, tmp_path: Path) -> None:
    found = laws(README, results(tmp_path, "test", assert_lines_are_conserved=status))
    assert [law.state for law in found if law.number == 3] == [state]
    assert {law.state for law in found if law.number != 3} == {"not proven"}


def test_tests_that_were_but_compiled_prove_nothing(tmp_path: Path) -> None:
    found = results(tmp_path, "generate", assert_lines_are_conserved="success")
    assert found.tests == {}
    assert found.why_not.endswith("of `dbt generate`, which runs no tests; run `dbt test`")


JUNIT = """<testsuites><testsuite timestamp="2026-01-31T10:00:00+01:00">
<testcase classname="tests.lakehouse.test_forgetting" name="a" />
<testcase classname="tests.lakehouse.test_forgetting" name="b"><skipped /></testcase>
<testcase classname="tests.lakehouse.test_one_sql.TestIt" name="c"><failure /></testcase>
<testcase classname="tests.lakehouse.test_one_sql" name="d" />
<testcase classname="tests.athena_local.test_budget" name="e"><skipped /></testcase>
</testsuite></testsuites>"""


def test_pytests_results(tmp_path: Path) -> None:
    path = tmp_path / "tests.xml"
    path.write_text(JUNIT)
    found = pytest_results(path)
    files = ("lakehouse/test_forgetting", "lakehouse/test_one_sql", "athena_local/test_budget")
    table = "\n".join(f"| {n} | Law | says | `tests/{f}.py` |" for n, f in enumerate(files))
    states = [law.state for law in laws(table, found)]
    assert states == ["proven", "broken", "not proven"]
    assert f"{found.when:%H:%M}" == "09:00"
    assert found.failed == ("tests/lakehouse/test_one_sql.py",)


def test_pytests_results_of_several_runs_are_put_together(tmp_path: Path) -> None:
    """One that has failed in any of them has failed, wherever it has passed."""
    here, deep, none = (tmp_path / name for name in ("tests.xml", "deep-tests.xml", "none.xml"))
    here.write_text(JUNIT)
    deep.write_text(JUNIT.replace("<failure />", "").replace("T10:", "T09:"))
    for found in (pytest_results(here, deep, none), pytest_results(none, deep, here)):
        assert found.tests["tests/lakehouse/test_one_sql.py"].note == "1 failed, 3 passed"
        assert found.failed == ("tests/lakehouse/test_one_sql.py",)
        assert f"{found.when:%H}" == "08"
    assert pytest_results(deep, none).failed == ()


def test_pytest_writes_what_is_read_here(tmp_path: Path) -> None:
    name, path = "tests/lakehouse/test_one_sql.py", tmp_path / "tests.xml"
    command = [sys.executable, "-m", "pytest", name, "--junitxml", str(path)]
    assert subprocess.run(command, cwd=PROJECT, capture_output=True).returncode == 0
    assert pytest_results(path).tests[name].state == "passed"


@pytest.mark.parametrize("read", [dbt_results, pytest_results])
@pytest.mark.parametrize("content", [None, "", "{}", "<a/>", "[]"])
def test_results_that_are_none_say_so(read: Any, content: str | None, tmp_path: Path) -> None:
    path = tmp_path / "results"
    if content is not None:
        path.write_text(content)
    found = read(path)
    assert found.tests == {}
    assert str(path) in found.why_not


def test_tests_may_be_named_in_short_and_by_folder(tmp_path: Path) -> None:
    path = tmp_path / "tests.xml"
    path.write_text(JUNIT)
    named = "`tests/lakehouse/test_a.py`, `test_forgetting.py`, `tests/lakehouse/`"
    row = f"| 1 | Law | [says](a.md) | {named} |"
    (law,) = laws(row, pytest_results(path))
    assert law.says == "says"
    assert [(t.name, t.state) for t in law.tests] == [
        ("tests/lakehouse/test_a.py", "not run"),
        ("tests/lakehouse/test_forgetting.py", "passed"),
        ("tests/lakehouse/", "failed"),
    ]


def test_a_readme_without_laws_is_refused() -> None:
    with pytest.raises(NoLaws, match="no law stands in the README"):
        laws("# A project\n")


@pytest.fixture
def manifest(made: Made, tmp_path: Path) -> Path:
    """A copy, which may be changed."""
    copy = shutil.copy(made.lakehouse.folder / "target" / "manifest.json", tmp_path)
    return Path(copy)


def changed(path: Path, change: Callable[[dict[str, Any]], object]) -> Path:
    manifest = json.loads(path.read_text())
    change(manifest["nodes"]["model.stedi_lakehouse.customers_curated"])
    path.write_text(json.dumps(manifest))
    return path


@pytest.mark.parametrize(
    ("leak", "field"), [("people.email", "email"), ("md5(people.phone)", "phone")]
)
def test_a_leak_is_red(leak: str, field: str, manifest: Path) -> None:
    """A hash without the key is one too."""

    def add(model: dict[str, Any]) -> None:
        sql, end = model["compiled_code"].rsplit("select * from final", 1)
        model["compiled_code"] = (
            f"{sql} select final.*, {leak} as note from final "
            "inner join stedi_trusted.customer_trusted as people "
            f"on final.customer_id = people.customer_id{end}"
        )

    assert lineage(manifest).beyond == []
    assert lineage(changed(manifest, add)).beyond == [f"{field} in customers_curated"]


def test_lineage_that_cannot_be_told_says_so(manifest: Path, tmp_path: Path) -> None:
    without = lineage(changed(manifest, lambda model: model.pop("compiled_code")))
    assert "customers_curated: it has no compiled SQL" in without.why_not
    (tmp_path / "broken.json").write_text("{")
    assert "`dbt docs generate` writes it anew" in lineage(tmp_path / "broken.json").why_not
    assert "no such file" in lineage(tmp_path / "none.json").why_not


def test_bytes_of_a_night_are_those_that_were_measured(tmp_path: Path) -> None:
    measured = tmp_path / "docs" / "nightly.json"
    measured.parent.mkdir()
    night = {"models": {"a": 1, "b": 20}, "tests": {"c": 300}, "other": 4000}
    measured.write_text(json.dumps({"athena": {"30": {"landed": 7, "night": night}}}))
    found = sizes([], measured)
    assert [(n.days, n.landed, n.scanned) for n in found.nights] == [(30, 7, 4321)]
    measured.write_text("{}")
    found = sizes([], measured)
    assert (found.nights, found.why_not) == (
        [], "docs/nightly.json: of another version; `make bench` writes it anew",
    )  # fmt: skip


def test_a_file_that_nobody_reads_is_not_counted_nor_named(tmp_path: Path) -> None:
    (tmp_path / "a.duckdb").write_bytes(b"12345")
    stray = tmp_path / "landing" / "customer" / "landing" / "ann@example.com.json"
    stray.parent.mkdir(parents=True)
    stray.touch()
    found = stored_on_disk(tmp_path / "landing", tmp_path / "a.duckdb")
    assert found[0] == ("landed files: customer", None)
    assert found[-1] == ("tables: a.duckdb", 5)
