"""The bounds of a year's nights are judged rightly, and its figures are told as they are."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner

import night_bounds
import year as year_command
from history import Shape
from measure import MIB, Failed, Measure, middle
from night_page import megabytes
from nights import NIGHTS, NOTHING, PEOPLE, PERSON, Build, Scanned, Took, Year, rebuilt_days
from nights_athena import build_of, changes
from support.athena import course
from support.athena.scanned import Scan

DAY = 1_000_000
REFRESH = 500 * DAY


def build(scanned: int, tests: int = 0) -> Build:
    models = {"accelerometer_lines": scanned - tests}
    return Build(models, {"a_law": tests}, 0, charged=10 * MIB, queries=1, seconds=1)


def measured(
    bytes_: tuple[int, int] = (DAY, DAY),
    seconds: tuple[float, float] = (10, 10),
    peaks: tuple[int, int] = (100, 100),
    person: tuple[int, int] = (0, 0),
    people: int = 0,
) -> Year:
    """A year of so many bytes a night, seconds and MiB at 30 and 365 days, and bytes that a change
    of consent adds to a build that scans 7 otherwise."""
    found = Year()
    for i, days in enumerate((30, 365)):
        landed = (days + 1) * DAY
        found.athena[days] = Scanned(
            landed, DAY, build(bytes_[i], 10), build(REFRESH), landed - DAY, 2 * landed
        )
        night = Measure(seconds[i], seconds[i], peaks[i] * MIB)
        found.duckdb[days] = Took(landed, DAY, 11_000, night, (night,) * 3, night)
    found.sizes[8_000_000] = Took(3 * DAY, DAY, 8_000_000, Measure(80, 90, 2000 * MIB))
    added = {NOTHING: 0, **dict(zip(PERSON, person, strict=True)), PEOPLE: people}
    found.changes.update({what: build(7 + more) for what, more in added.items()})
    return found


@pytest.mark.parametrize(
    ("year", "missed"),
    [
        (measured(), []),
        (measured(bytes_=(2 * DAY, 2 * DAY * 12 // 10)), []),
        (measured(bytes_=(2 * DAY, 2 * DAY * 12 // 10 + 1)), [0]),
        (measured(bytes_=(4 * DAY, 4 * DAY)), []),
        (measured(bytes_=(4 * DAY, 4 * DAY + 1)), [1]),
        (measured(seconds=(10, 13)), []),
        (measured(seconds=(10, 13.1)), [2]),
        (measured(peaks=(100, 130)), []),
        (measured(peaks=(100, 131)), [3]),
        (measured(person=(REFRESH // 20, 0)), []),
        (measured(person=(REFRESH // 20 + 1, 0)), [4]),
        (measured(person=(0, REFRESH // 20 + 1)), [4]),
        (measured(people=3 * REFRESH // 10), []),
        (measured(people=3 * REFRESH // 10 + 1), [5]),
    ],
)
def test_a_bound_is_missed_beyond_it_and_not_at_it(year: Year, missed: list[int]) -> None:
    judged = night_bounds.verdicts(year)
    assert [n for n, verdict in enumerate(judged) if verdict.missed] == missed
    assert [n for n, verdict in enumerate(judged) if str(verdict).endswith(": MISSED")] == missed
    assert sum(str(verdict).endswith(": ok") for verdict in judged) == 6 - len(missed)


@pytest.mark.parametrize("lacking", ["athena", "duckdb", "changes"])
def test_what_was_not_measured_is_not_judged(lacking: str) -> None:
    judged = night_bounds.verdicts(replace(measured(), **{lacking: {}}))
    without = {"athena": [0, 1, 4, 5], "duckdb": [2, 3], "changes": [4, 5]}[lacking]
    assert [n for n, verdict in enumerate(judged) if verdict.figure is None] == without
    assert not any(verdict.missed for verdict in judged)


@pytest.mark.parametrize(("last", "status"), [(12 * DAY // 10, 0), (2 * DAY, 1)])
def test_the_command_tells_each_bound_and_fails_for_one_that_is_missed(
    last: int, status: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    year = measured(bytes_=(DAY, last))
    monkeypatch.setattr(year_command, "measure_year", lambda *_: year)
    outcome = CliRunner().invoke(year_command.main, ["--results", str(tmp_path)])
    lines = outcome.output.splitlines()
    assert outcome.exit_code == status
    assert len([line for line in lines if line.endswith((": ok", ": MISSED"))]) == 6
    assert len([line for line in lines if line.endswith(": MISSED")]) == status


def test_a_run_that_fails_writes_no_results(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> Year:
        raise Failed("after-30 came out wrong")

    monkeypatch.setattr(year_command, "measure_year", fail)
    outcome = CliRunner().invoke(year_command.main, ["--results", str(tmp_path)])
    assert outcome.exit_code == 1
    assert "came out wrong" in outcome.output
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize("days", ["", "0", "1,x"])
def test_days_must_be_numbers(days: str) -> None:
    assert CliRunner().invoke(year_command.main, ["--days", days]).exit_code == 2


def test_the_results_are_a_page_a_chart_and_figures(tmp_path: Path) -> None:
    year = measured(bytes_=(1_234_567, 7_654_321), people=5_000_000)
    judged = night_bounds.verdicts(year)
    year_command.write(year, judged, tmp_path)
    page = (tmp_path / "nightly.md").read_text()
    assert all(f"    {verdict}\n" in page for verdict in judged)
    assert "| 365 | 366.00 | 1.00 | 7.65 | 0.000 | 7.65 | 500.00 | 732.00 |" in page
    assert f"| {PEOPLE} | 5.00 | 0.000 | 5.00 | 1.00 % |" in page
    assert "| 8,000,000 | 1.00 | 80.0 | 2,000 | 100,000 |" in page
    figures = json.loads((tmp_path / "nightly.json").read_text())
    assert figures["athena"]["365"]["night"]["tests"] == {"a_law": 10}
    chart = ElementTree.parse(tmp_path / "nightly.svg")
    assert chart.getroot().tag.endswith("svg")
    assert "nightly.svg" in page


def test_an_engine_measured_alone_leaves_the_others_figures(tmp_path: Path) -> None:
    year = measured()
    year.measured.update({"athena": "one machine", "duckdb": "another"})
    year_command.write(year, [], tmp_path)
    assert year_command.with_the_other_engine(Year(), tmp_path) == year
    longer = Year(athena={30: year.athena[365]}, measured={"athena": "a third"})
    found = year_command.with_the_other_engine(longer, tmp_path)
    assert (found.athena, found.duckdb) == (longer.athena, year.duckdb)
    assert found.measured == {"athena": "a third", "duckdb": "another"}
    (tmp_path / "nightly.json").write_text('{"athena": {"30": {"of": "another version"}}}')
    assert year_command.with_the_other_engine(longer, tmp_path) == longer


def test_the_same_figures_make_the_same_files(tmp_path: Path) -> None:
    for name in ("first", "second"):
        year_command.write(measured(), [], tmp_path / name)
    first, second = ((tmp_path / name / "nightly.svg").read_bytes() for name in ("first", "second"))
    assert first == second


def test_nothing_measured_is_a_page_too(tmp_path: Path) -> None:
    year_command.write(Year(), night_bounds.verdicts(Year()), tmp_path)
    assert "not measured" in (tmp_path / "nightly.md").read_text()


@pytest.mark.parametrize(
    ("size", "text"), [(999, "0.001"), (1_500_000, "1.50"), (1_234_567_890, "1,234.57")]
)
def test_megabytes(size: int, text: str) -> None:
    assert megabytes(size) == text


def test_the_middle_of_runs_is_the_median_of_each_figure() -> None:
    runs = [Measure(1, 9, 30), Measure(5, 1, 10), Measure(2, 2, 50)]
    assert middle(runs) == Measure(2, 2, 30)


def test_a_build_is_its_models_its_tests_and_the_rest() -> None:
    scans = {
        "model.stedi_lakehouse.stg_customers": Scan(2, 5, 20 * MIB),
        "test.stedi_lakehouse.one.abc": Scan(1, 7, 10 * MIB),
        "unit_test.stedi_lakehouse.two": Scan(1, 1, 10 * MIB),
        "seed.stedi_lakehouse.three": Scan(1, 3, 10 * MIB),
        "": Scan(1, 4, 10 * MIB),
    }
    found = build_of(scans, 1.5)
    assert (found.models, found.tests) == ({"stg_customers": 5}, {"one": 7, "two": 1})
    assert (found.other, found.all, found.tested, found.queries) == (7, 20, 8, 6)
    assert found.usd == pytest.approx(60 * MIB * 5 / (1 << 40))


def test_the_last_days_of_a_history_come_night_by_night() -> None:
    assert [rebuilt_days(days) for days in (1, 3, 30)] == [1, 1, 30 - NIGHTS]


def test_one_per_cent_changes_and_nobody_twice() -> None:
    found = changes(Shape())
    numbers = [n for change in found.values() for n in (*change.withdraw, *change.give)]
    assert len(set(numbers)) == len(numbers) == 12
    assert len(found[PEOPLE].withdraw) == len(found[PEOPLE].give) == 5
    changed = [(len(change.withdraw), len(change.give)) for change in found.values()]
    assert changed == [(0, 0), (1, 0), (0, 1), (5, 5)]


def test_the_courses_way_reads_what_its_queries_name() -> None:
    landed = {"customer": 1, "accelerometer": 10, "step_trainer": 100}
    assert course.would_read(landed) == 111 + 10 + 100 + 2
