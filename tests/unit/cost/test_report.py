"""The report of `stedi cost`: what queries of the last run scanned, by model."""

from __future__ import annotations

from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from stedi.commands.cost import report
from stedi.cost.budget import ALL, OTHER, SMALLEST_DAY, TESTS
from stedi.cost.scans import Scan, by_node, by_part, first_new_day, landed_since
from support.targets import set_athena_target, stedi


def test_failed_queries_and_data_definition_cost_nothing() -> None:
    comment = '-- /* {"node_id": "model.stedi_lakehouse.a"} */ '
    queries = [
        {"Query": comment, "Status": {"State": state}, "StatementType": kind,
         "Statistics": {"DataScannedInBytes": scanned}}
        for state, kind, scanned in (
            ("SUCCEEDED", "DML", 7), ("FAILED", "DML", 5), ("SUCCEEDED", "DDL", 0),
        )
    ]  # fmt: skip
    lines = report(by_part(by_node(queries)), {}, landed=0)
    (line,) = [line for line in lines if line.split()[:1] == ["a"]]
    assert line.split() == ["a", "1", "queries", "7", "bytes", "scanned", "0.000048", "USD"]


def test_queries_of_no_model_are_added_up() -> None:
    nodes = ("model.p.a", "model.p.b", "test.p.c.1", "unit_test.p.b.d", "seed.p.e",
             "operation.p.f", "")  # fmt: skip
    scans = {node: Scan.of(10**size) for size, node in enumerate(nodes)}
    scanned = {name: scan.scanned for name, scan in by_part(scans).items()}
    assert scanned == {"b": 10, "a": 1, TESTS: 1_100, OTHER: 1_110_000, ALL: 1_111_111}
    assert [*scanned] == ["b", "a", TESTS, OTHER, ALL]


@pytest.mark.parametrize(
    ("node", "condition", "day"),
    [
        ("model.p.accelerometer_lines", "where ingest_date >= '2024-01-31'", "2024-01-31"),
        ("model.p.accelerometer_lines", "where true", None),
        ("model.p.stg_customers", "where ingest_date >= date '2024-01-31'", None),
        ("test.p.a_test", "where ingest_date >= '2024-01-31'", None),
    ],
)
def test_models_of_lines_tell_the_first_day_they_read(
    node: str, condition: str, day: str | None
) -> None:
    query = {"Query": f'-- /* {{"node_id": "{node}"}} */ insert into t select * from s {condition}'}
    assert first_new_day([{"Query": "select 1"}, query]) == day


@mock_aws
def test_bytes_landed_since_a_day_are_counted_in_every_zone() -> None:
    s3 = boto3.Session("none", "none", region_name="us-east-1").client("s3")
    s3.create_bucket(Bucket="bucket")
    for size, key in enumerate((
        "customer/landing/ingest_date=2024-01-30/a.json",
        "customer/landing/ingest_date=2024-01-31/a.json",
        "accelerometer/landing/ingest_date=2024-01-31/a.json",
        "accelerometer/landing/ingest_date=2024-02-01/a.json",
        "accelerometer/trusted/a.parquet",
        "step_trainer/landing/ingest_date=2023-12-31/a.json",
    )):  # fmt: skip
        s3.put_object(Bucket="bucket", Key=key, Body=b"x" * 10**size)
    assert landed_since(s3, "bucket", "2024-01-31") == 1_110
    assert landed_since(s3, "bucket", "2024-02-02") == 0


@pytest.mark.parametrize(
    ("day", "multiple"),
    [(SMALLEST_DAY, ["0.200", "times,", "OVER", "0.1"]),
     (SMALLEST_DAY - 10, ["0.200", "times,", "budget", "0.1"]),
     (2 * SMALLEST_DAY, ["0.100", "times,", "budget", "0.1"]),
     (0, [])],
)  # fmt: skip
def test_scan_over_budget_is_marked_if_the_day_was_large_enough(
    day: int, multiple: list[str]
) -> None:
    lines = [*report({"a": Scan.of(SMALLEST_DAY // 5)}, {"a": 0.1}, day)]
    (line,) = [line for line in lines if line.split()[:1] == ["a"]]
    assert line.split()[8:] == multiple
    assert any(f"last build: {day:,}." in line for line in lines) == (day > 0)
    assert any("footers" in line for line in lines) == (0 < day < SMALLEST_DAY)


@pytest.mark.usefixtures("clean_environment")
def test_missing_run_results_say_what_writes_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = set_athena_target(monkeypatch, tmp_path, "bucket")
    result = stedi("cost", "--target", "athena", "--config", config)
    assert result.exit_code == 1
    assert "dbt build --target athena" in result.output


@pytest.mark.usefixtures("duckdb_lakehouse")
def test_duckdb_costs_nothing() -> None:
    result = stedi("cost")
    assert result.exit_code == 2
    assert "use --target athena" in result.output
