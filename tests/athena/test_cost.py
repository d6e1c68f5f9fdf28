"""`stedi cost` reports what the account's queries scanned."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

from support.athena.built import Built


def test_every_query_of_the_build_is_in_the_report(lakehouse: Built, tmp_path: Path) -> None:
    began = datetime.fromtimestamp(min(q.started for q in lakehouse.queries) - 1, UTC)
    results = tmp_path / "run_results.json"  # dbt has overwritten its own since
    results.write_text(json.dumps({"metadata": {"invocation_started_at": began.isoformat()}}))
    shutil.copy(lakehouse.local.folder / "dbt/athena/manifest.json", tmp_path)
    options = ("--run-results", str(results))
    report = lakehouse.local.stedi("cost", *lakehouse.local.target, *options)
    assert report.returncode == 0, report.stdout
    # The account was used since, by what looked at the build: at least its queries are in it.
    lines = {words[0]: words for line in report.stdout.splitlines() if (words := line.split())}
    scanned = int(lines["accelerometer_lines"][3].replace(",", ""))
    node = "model.stedi_lakehouse.accelerometer_lines"
    assert scanned == sum(q.answer.bytes_read for q in lakehouse.queries if node in q.sql) > 0
