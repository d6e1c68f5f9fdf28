"""What `scripts/cost.py` tells of a build is what the account's queries scanned."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from datetime import datetime, timezone
from pathlib import Path

import boto3
import pytest
from click.testing import CliRunner
from moto import mock_aws

from stedi.commands.cost import main, report
from stedi.cost.budget import ALL, LEAST_DAY, OTHER, TESTS
from stedi.cost.scans import Scan, by_node, by_part, first_new_day, landed_since
from support.athena.built import Built
from support.athena.local import PROJECT


def test_every_query_of_the_build_is_in_it(generated: Built, tmp_path: Path) -> None:
    began = datetime.fromtimestamp(min(q.started for q in generated.queries) - 1, timezone.utc)
    results = tmp_path / "run_results.json"  # dbt's own has been overwritten by other commands since
    results.write_text(json.dumps({"metadata": {"invocation_started_at": began.isoformat()}}))
    shutil.copy(generated.local.folder / "dbt/athena/manifest.json", tmp_path)
    told = subprocess.run(
        [sys.executable, "scripts/cost.py", "--run-results", str(results)],
        cwd=PROJECT, env=os.environ | generated.local.environment, capture_output=True, text=True,
    )  # fmt: skip
    assert told.returncode == 0, told.stderr
    # The account was used since, by what looked at the build: at least its queries are in it.
    lines = {words[0]: words for line in told.stdout.splitlines() if (words := line.split())}
    scanned = int(lines["accelerometer_lines"][3].replace(",", ""))
    node = "model.stedi_lakehouse.accelerometer_lines"
    assert scanned == sum(q.answer.bytes_read for q in generated.queries if node in q.sql) > 0


def test_what_failed_and_data_definition_cost_nothing() -> None:
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


def test_what_is_no_model_is_told_together() -> None:
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
def test_the_lines_models_say_from_which_day_on_they_read(
    node: str, condition: str, day: str | None
) -> None:
    query = {"Query": f'-- /* {{"node_id": "{node}"}} */ insert into t select * from s {condition}'}
    assert first_new_day([{"Query": "select 1"}, query]) == day


@mock_aws
def test_what_landed_from_a_day_on_is_counted_in_every_zone() -> None:
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
    [(LEAST_DAY, ["0.200", "times,", "OVER", "0.1"]),
     (LEAST_DAY - 10, ["0.200", "times,", "budget", "0.1"]),
     (2 * LEAST_DAY, ["0.100", "times,", "budget", "0.1"]),
     (0, [])],
)  # fmt: skip
def test_what_is_over_its_budget_is_marked_where_the_day_was_large_enough(
    day: int, multiple: list[str]
) -> None:
    lines = [*report({"a": Scan.of(LEAST_DAY // 5)}, {"a": 0.1}, day)]
    (line,) = [line for line in lines if line.split()[:1] == ["a"]]
    assert line.split()[8:] == multiple
    assert any(f"landed: {day:,}." in line for line in lines) == (day > 0)
    assert any("footers" in line for line in lines) == (0 < day < LEAST_DAY)


def test_without_a_run_it_says_what_writes_one(tmp_path: Path) -> None:
    missing = tmp_path / "run_results.json"
    told = CliRunner().invoke(main, ["--run-results", str(missing)])
    assert told.exit_code == 1
    assert "dbt build --target athena" in told.output
