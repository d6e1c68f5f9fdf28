"""What `scripts/cost.py` tells of a build is what the account's queries scanned."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import datetime, timezone
from pathlib import Path

from athena_local.built import Built
from athena_local.local import PROJECT
from click.testing import CliRunner
from cost import by_node, main, report


def test_every_query_of_the_build_is_in_it(generated: Built, tmp_path: Path) -> None:
    began = datetime.fromtimestamp(min(q.started for q in generated.queries) - 1, timezone.utc)
    results = tmp_path / "run_results.json"  # dbt's own has been overwritten by other commands since
    results.write_text(json.dumps({"metadata": {"invocation_started_at": began.isoformat()}}))
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
    (line,) = [line for line in report(by_node(queries)) if line.split()[:1] == ["a"]]
    assert line.split() == ["a", "1", "queries", "7", "bytes", "scanned", "0.000048", "USD"]


def test_without_a_run_it_says_what_writes_one(tmp_path: Path) -> None:
    missing = tmp_path / "run_results.json"
    told = CliRunner().invoke(main, ["--run-results", str(missing)])
    assert told.exit_code == 1
    assert "dbt build --target athena" in told.output
