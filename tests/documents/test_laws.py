"""docs/laws.yml: README and the evidence page say the same, and every test that it names exists."""

from __future__ import annotations

import re
from collections import defaultdict

import pytest

from stedi.evidence.laws import Law, read_laws
from support.evidence_page import Written
from support.lakehouse import PROJECT
from support.page_tables import tables

ROW = re.compile(r"^\| *(\d+) *\| *(.+?) *\| *(.+?) *\|$", re.MULTILINE)
LINK = re.compile(r"\[([^]]+)\]\([^)]+\)")
LAWS = read_laws(PROJECT / "docs" / "laws.yml")


def test_laws_are_numbered_and_each_has_tests() -> None:
    assert [law.number for law in LAWS] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert all(law.tests for law in LAWS)


def test_readme_lists_the_laws() -> None:
    rows = ROW.findall(LINK.sub(r"\1", (PROJECT / "README.md").read_text()))
    assert rows == [(str(law.number), law.name, law.says) for law in LAWS]


def test_every_named_test_exists() -> None:
    names = [test.name for law in LAWS for test in law.tests]
    paths = [PROJECT / (f"tests/{n}.sql" if n.startswith("assert_") else n) for n in names]
    assert [str(path) for path in paths if not path.exists()] == []
    folders = [path for path in paths if path.is_dir()]
    assert all([*folder.glob("test_*.py")] for folder in folders)


def test_each_dbt_test_is_listed_under_the_laws_that_it_names() -> None:
    """A test names its laws in its first sentence."""
    named = defaultdict(set)
    for path in (PROJECT / "tests").glob("assert_*.sql"):
        first_sentence, *_ = path.read_text().partition(".")
        for number in re.findall(r"\d", first_sentence):
            named[int(number)].add(path.stem)
    listed = {law.number: {name for name in names_of(law) if "/" not in name} for law in LAWS}
    assert {number: names for number, names in listed.items() if names} == named


def names_of(law: Law) -> list[str]:
    return [test.name for test in law.tests]


@pytest.mark.parametrize("law", LAWS, ids=[law.name for law in LAWS])
def test_page_shows_the_law_with_its_tests_of_the_tables(law: Law, written: Written) -> None:
    page = tables(written.page)
    title, says, *_ = next(row.cells for row in page["laws-table"]
                           if row.attributes["data-law"] == str(law.number))  # fmt: skip
    assert title == f"{law.number}. {law.name}"
    assert says == law.says.replace("`", "")
    _, tests, _ = next(row.cells for row in page["tests-table"]
                       if row.attributes["data-law"] == str(law.number))  # fmt: skip
    assert re.findall(r"(?:passed|in part|failed|not run) (\S+)", tests) == [
        name for name in names_of(law) if "/" not in name
    ]
