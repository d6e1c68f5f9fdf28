"""Breaks models, single rows and the tests themselves, and sees the tests of a nightly build fail.

In a nightly build the tests look only at what the night may have changed. The first build is made
by the sound project; then a second day lands, something is broken, and a night is built.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pytest

from support import two_days
from support.corruptions import BLIND, CORRUPTIONS, NOT_IN_A_NIGHT, Corruption
from support.dbt_process import Result
from support.lakehouse import PROJECT, WITHOUT_TESTS
from support.mutations import MUTATIONS, Mutation
from support.project_to_break import breakable, broken, drop_tables

BUILD = ("--quiet", "--no-write-json", "--log-level-file", "none", "build", "--threads", "1")
LAST_BUILD = "select status, is_whole from stedi_audit.builds order by happened_at desc limit 1"


class Nights:
    """A lakehouse that is about to build the night after its first day, again and again."""

    def __init__(self, folder: Path) -> None:
        self.lakehouse = breakable(folder)
        two_days.note_erasures(self.lakehouse)
        two_days.land(self.lakehouse, two_days.FIRST)
        result = self.lakehouse.dbt(*BUILD, *WITHOUT_TESTS)
        assert result.success, result.errors
        duckdb.connect(self.lakehouse.database).close()  # part of it is in a second file until then
        self._first = shutil.copy(self.lakehouse.database, folder / "first.duckdb")
        two_days.land(self.lakehouse, two_days.SECOND)
        assert self.lakehouse.dbt("--quiet", "parse").success
        self._generic = {
            f"{node['test_metadata']['name']} {node['file_key_name'].rpartition('.')[2]}":
            node["name"]
            for node in self.lakehouse.manifest()["nodes"].values()
            if node["resource_type"] == "test" and node.get("test_metadata")
        }  # fmt: skip

    def build(self, *options: str, whole: bool = False) -> Result:
        """Builds the night, or everything from the beginning."""
        drop_tables(self.lakehouse)
        if not whole:
            shutil.copy(self._first, self.lakehouse.database)
        return self.lakehouse.dbt(*BUILD, *options)

    def failed(self, test: str, whole: bool = False) -> set[str]:
        """Builds what a test needs, in a night or from the beginning, and runs it; the tests and
        models that fail."""
        options = ("--indirect-selection", "empty", "--select", f"+{self.name_of(test)}")
        result = self.build(*options, whole=whole)
        if not whole:
            assert self.lakehouse.query(LAST_BUILD) == [("ended", False)], "it is no night"
        return result.failed

    def name_of(self, test: str) -> str:
        """The name of a test; of a generic one, by its own name and its model's."""
        return self._generic.get(test, test)


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> Nights:
    return Nights(tmp_path_factory.mktemp("nights"))


def in_(corruption: Corruption) -> Mutation:
    """A model that corrupts its own table when it is built."""
    text = (PROJECT / "models" / f"{corruption.model}.sql").read_text()
    hook = f'{{{{ config(post_hook="{corruption.sql}") }}}}\n'
    return Mutation(
        corruption.breaks, f"models/{corruption.model}.sql", text, hook + text,
        corruption.caught_by,
    )  # fmt: skip


# One for each way in which a night's tests choose what to look at; the others take a deep run.
QUICK = (
    "an old reading of who is new is missing", "a new distance is another's",
    "a withdrawal is lost",
)  # fmt: skip


@pytest.mark.parametrize(
    "corruption",
    [
        pytest.param(c, marks=() if c.breaks in QUICK else pytest.mark.deep, id=c.breaks)
        for c in CORRUPTIONS
    ],
)
def test_a_wrong_row_is_caught_in_a_night(corruption: Corruption, nights: Nights) -> None:
    with broken(nights.lakehouse, in_(corruption)):
        assert nights.failed(corruption.caught_by) == {nights.name_of(corruption.caught_by)}


@pytest.mark.deep
@pytest.mark.parametrize("corruption", NOT_IN_A_NIGHT, ids=lambda c: c.breaks)
def test_a_wrong_row_that_no_night_looks_at_is_caught_by_a_full_refresh(
    corruption: Corruption, nights: Nights
) -> None:
    with broken(nights.lakehouse, in_(corruption)):
        assert nights.failed(corruption.caught_by) == set()
        caught = nights.failed(corruption.caught_by, whole=True)
        assert caught == {nights.name_of(corruption.caught_by)}


@pytest.mark.deep
@pytest.mark.parametrize("mutation", BLIND, ids=lambda m: m.breaks)
def test_a_test_that_looks_away_is_noticed(mutation: Mutation, nights: Nights) -> None:
    """Then a wrong row is not caught that a test above sees caught."""
    (row,) = [c for c in CORRUPTIONS + NOT_IN_A_NIGHT if c.breaks == mutation.caught_by]
    with broken(nights.lakehouse, in_(row), mutation):
        assert nights.failed(row.caught_by, whole=row in NOT_IN_A_NIGHT) == set()


PRIVACY = [mutation for mutation in MUTATIONS if mutation.caught_by.startswith("assert_")]
# What a night catches by another test than the one that guards what was broken, or by none.
SEEN_OTHERWISE = {
    # a night compares each new row of trusted tables with its person's pseudonym anyway
    "a person is an email beyond customer_trusted": {"assert_motion_is_trusted_by_consent"},
    # whom such a line names, and thus whom to look at, a night knows from the broken model
    "only the first person in a line that is not JSON is suspended": set(),
    # a night would have to read the whole history to compare the ledger with it
    "the ledger leaves out what devices measured": set(),
    # a night leaves devices to the test of the distances that it replaced
    "a device that two people claim is each one's": {
        "assert_distances_are_trusted_by_consent_of_their_one_person"
    },
}  # fmt: skip


@pytest.mark.deep
@pytest.mark.parametrize("mutation", PRIVACY, ids=lambda m: m.breaks)
def test_a_break_is_caught_in_a_night(mutation: Mutation, nights: Nights) -> None:
    expected = SEEN_OTHERWISE.get(mutation.breaks, {mutation.caught_by})
    (test,) = expected or {mutation.caught_by}
    with broken(nights.lakehouse, mutation):
        assert nights.failed(test) == expected


def test_every_privacy_test_has_been_seen_to_fail_in_a_night() -> None:
    """Or a night does not look, as the test itself says."""
    tests = {path.stem for path in (PROJECT / "tests").glob("assert_*.sql")}
    caught = {corruption.caught_by for corruption in CORRUPTIONS}
    caught |= {mutation.caught_by for mutation in PRIVACY if mutation.breaks not in SEEN_OTHERWISE}
    assert tests - caught == {
        "assert_ambiguous_devices_are_withheld", "assert_releases_are_what_is_trusted",
    }  # fmt: skip


def test_a_night_without_a_break_passes(nights: Nights) -> None:
    result = nights.build()
    assert result.success, result.errors
