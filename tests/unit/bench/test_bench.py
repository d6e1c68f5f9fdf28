"""The benchmark judges its bounds rightly, and measures two programs that make the same."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from bench import HEADINGS, check, main, measure, row, table
from bounds import Verdict, growth, verdicts
from contenders import CONTENDERS, database
from correctness import counts
from deliveries import AS_REAL, HARDEST, Zone, zone
from measure import MIB, Failed, Measure, best, run
from parse_only import FIELDS, query
from stedi.synthetic.personas import Settings
from support import oracle

SMALL = replace(AS_REAL, people=40, days=3, readings_per_person=20)


def results(dbt: tuple[float, float], hand: tuple[float, float], gib: float = 1.0) -> dict:
    """Measures at 1 and 100 times of so many seconds, with a peak at 100 times."""
    peaks = {1: 100 * MIB, 100: int(gib * 1024 * MIB)}
    return {
        times: {
            "dbt": Measure(dbt[i], dbt[i], peaks[times]),
            "by hand": Measure(hand[i], hand[i], peaks[times]),
        }
        for i, times in enumerate(peaks)
    }


def test_growth_is_what_dbt_adds_for_each_second_by_hand() -> None:
    assert growth(results(dbt=(5, 17), hand=(1, 4))) == 4


@pytest.mark.parametrize("hand", [(1, 1), (2, 1)])
def test_growth_over_nothing_is_no_figure(hand: tuple[float, float]) -> None:
    assert growth(results(dbt=(5, 17), hand=hand)) is None


@pytest.mark.parametrize(
    ("measured", "missed"),
    [
        (results(dbt=(8, 20), hand=(1, 4), gib=3), [False, False, False]),
        (results(dbt=(8.01, 20), hand=(1, 4)), [True, False, False]),
        (results(dbt=(8, 20.1), hand=(1, 4)), [False, True, False]),
        (results(dbt=(8, 20), hand=(1, 4), gib=3.01), [False, False, True]),
    ],
)
def test_a_bound_is_missed_beyond_it(measured: dict, missed: list[bool]) -> None:
    judged = verdicts(measured)
    assert [verdict.missed for verdict in judged] == missed
    assert [str(v).endswith(": MISSED") for v in judged] == missed
    assert [str(v).endswith(": ok") for v in judged] == [not m for m in missed]


@pytest.mark.parametrize(("at_100", "said"), [(7.0, "is reached"), (7.1, "is not reached")])
def test_the_goal_is_told_beside_the_bound(at_100: float, said: str) -> None:
    line = str(verdicts(results(dbt=(5, at_100), hand=(1, 2)))[1])
    assert said in line
    assert line.endswith("ok")


def test_what_was_not_measured_is_neither_ok_nor_missed() -> None:
    verdict = Verdict("name", None, 4, "times")
    assert not verdict.missed
    assert str(verdict) == "name: not measured, at most 4 times"
    assert [v.figure for v in verdicts({10: results((1, 1), (1, 1))[1]})] == [None] * 3


def test_best_has_the_least_time_and_the_highest_peak() -> None:
    assert best([Measure(2, 5, 10), Measure(3, 4, 30)]) == Measure(2, 4, 30)


def test_a_process_is_measured_whole_and_alone(tmp_path: Path) -> None:
    script = "import time; held = b'x' * (200 << 20); time.sleep(0.2); print('done')"
    log = tmp_path / "log"
    larger = bytearray(400 * MIB)  # of this process's peak, which is none of that one's
    del larger
    found = run([sys.executable, "-c", script], dict(os.environ), tmp_path, log)
    assert found.seconds >= 0.2
    assert 200 * MIB <= found.peak < 300 * MIB
    assert log.read_text() == "done\n"


def test_a_process_that_fails_has_no_measure(tmp_path: Path) -> None:
    with pytest.raises(Failed, match=r"exit code 3, see .*log"):
        run([sys.executable, "-c", "exit(3)"], dict(os.environ), tmp_path, tmp_path / "log")


def test_table_lines_are_of_equal_width() -> None:
    found = {name: Measure(1.5, 2, 64 * MIB) for name in CONTENDERS}
    cells = row(10, Zone(Path(), replace(AS_REAL, people=1_000)), found)
    assert dict(zip(HEADINGS, cells, strict=True))["readings"] == "115,000"
    assert len({len(line) for line in table([cells]).splitlines()}) == 1


def test_every_field_is_parsed() -> None:
    assert query("accelerometer", FIELDS["accelerometer"]).startswith(
        'select max("user"), max("timestamp"), max("x"), max("y"), max("z") from read_json('
    )


def test_deliveries_are_kept_until_other_ones_are_wanted(tmp_path: Path) -> None:
    first = zone(tmp_path, 1, SMALL)
    (first.root / "mark").touch()
    assert zone(tmp_path, 1, SMALL) == first
    assert (first.root / "mark").exists()
    other = zone(tmp_path, 1, replace(SMALL, seed=1))
    assert not (other.root / "mark").exists()
    assert zone(tmp_path, 2, SMALL).readings == 2 * first.readings


@pytest.mark.parametrize("shape", [SMALL, replace(SMALL, people=7, readings_per_person=1)])
def test_what_is_expected_is_what_the_laws_make_of_the_deliveries(
    shape: Settings, tmp_path: Path
) -> None:
    deliveries = zone(tmp_path, 1, shape)
    tables = oracle.tables(oracle.landed_lines(deliveries.root), "since_consent")
    found = {name.partition(".")[2]: rows.total() for name, rows in tables.items()}
    assert deliveries.expected().items() <= found.items()


def test_deliveries_as_real_have_nothing_that_the_script_by_hand_passes_over(
    tmp_path: Path,
) -> None:
    lines = oracle.landed_lines(zone(tmp_path, 1, SMALL).root)
    days = oracle.tables(lines, "since_consent")["stedi_audit.landing_reconciliation"]
    assert not any(dict(day)["duplicate"] or dict(day)["rejected"] for day in days)
    assert len(lines) == SMALL.people + zone(tmp_path, 1, SMALL).readings
    assert HARDEST.bad_share > 0


@pytest.mark.deep
def test_dbt_and_the_script_by_hand_make_the_same(tmp_path: Path) -> None:
    made = {}
    deliveries = zone(tmp_path, 1, SMALL)
    for name, contender in CONTENDERS.items():
        measure(name, contender, deliveries.root, tmp_path)
    check(deliveries, tmp_path)
    made = {name: counts(database(tmp_path / name)) for name in ("dbt", "by-hand")}
    for name, rows in made["by-hand"].items():
        assert made["dbt"][name] == rows > 0, name
    assert {"customers_curated", "machine_learning_curated"} <= made["by-hand"].keys()


def test_a_wrong_run_is_told(tmp_path: Path) -> None:
    deliveries = zone(tmp_path, 1, SMALL)
    measure("dbt", CONTENDERS["by hand"], deliveries.root, tmp_path)
    with pytest.raises(Failed, match="stg_customers: 0 rows, 40 expected"):
        check(deliveries, tmp_path)


@pytest.mark.parametrize("sizes", ["", "1,x", "0", "-1"])
def test_sizes_must_be_numbers_of_times(sizes: str) -> None:
    outcome = CliRunner().invoke(main, ["--sizes", sizes])
    assert outcome.exit_code == 2
