"""Every table is the same on both engines, whatever was delivered."""

from __future__ import annotations

import gzip
import os
import shutil
from pathlib import Path

import duckdb
import pytest
from athena_local.local import AthenaLocal
from athena_local.parity import build_both, compare, land, report
from generate_landing import generate
from personas import Settings
from test_bad_input import content

REAL = os.environ.get("STEDI_REAL_DELIVERIES")
SEEDS = (1, 2, 3, 4)
TABLES = 19


def of_many_seeds(landing: Path) -> None:
    """Synthetic deliveries of all seeds in one landing root, and every bad line there is."""
    for seed in SEEDS:
        drawn = landing.with_name(f"seed-{seed}")
        generate(Settings(people=30, readings_per_person=60, seed=seed, bad_share=0.1), drawn)
        for path in drawn.glob("*/landing/*/*"):
            target = landing / path.relative_to(drawn).with_name(f"{seed}-{path.name}")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)
    bad = landing / "accelerometer/landing/ingest_date=2024-01-01"
    (bad / "bad.json").write_bytes(content())
    (bad / "bad.json.gz").write_bytes(gzip.compress(content()))
    (bad / "empty.json").write_bytes(b"")


def differences(local: AthenaLocal, landing: Path) -> list[str]:
    """The tables that differ, each as a line that says how much; and that none is missing."""
    compared = list(compare(local, build_both(local, landing)))
    assert len(compared) == TABLES
    assert sum(table.duckdb for table in compared) > 1_000
    return list(report([table for table in compared if table.differing]))[:-1]


def test_generated_and_bad_deliveries_are_the_same(local: AthenaLocal, tmp_path: Path) -> None:
    of_many_seeds(tmp_path / "landing")
    assert differences(local, tmp_path / "landing") == []

    # and a difference would be seen: of a row, a time, a double and a column
    database = local.folder / "lakehouse.duckdb"
    with duckdb.connect(database) as connection:
        for change in (
            "delete from stedi_audit.consent_funnel",
            "update stedi_trusted.customer_trusted set updated_at = updated_at + to_microseconds(1)",
            "update stedi_trusted.accelerometer_trusted set x = x + 1e-12",
            "alter table stedi_curated.customers_curated rename motion_readings to motions",
        ):
            connection.execute(change)
    differing = {table.table for table in compare(local, database) if table.differing}
    assert differing == {
        "stedi_audit.consent_funnel",
        "stedi_trusted.customer_trusted",
        "stedi_trusted.accelerometer_trusted",
        "stedi_curated.customers_curated",
    }


@pytest.mark.skipif(REAL is None, reason="set STEDI_REAL_DELIVERIES to the STEDI starter data")
def test_the_real_deliveries_come_out_the_same(local: AthenaLocal, tmp_path: Path) -> None:
    land(Path(REAL), tmp_path / "landing")
    assert differences(local, tmp_path / "landing") == []
    trusted = "select count(*) from stedi_trusted.accelerometer_trusted"
    assert local.trino.query(trusted).rows == [[32_025]]
