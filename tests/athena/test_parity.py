"""Every table is the same on both engines, whatever was delivered."""

from __future__ import annotations

import gzip
from contextlib import nullcontext
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner

from local_athena.trino import QueryFailed
from support.athena import parity
from support.athena.account import names
from support.athena.built import Built
from support.athena.parity import Compared, Rows, compare, of_trino, rebuild_both, report

TABLES = 33
ANY_TIME = ("--vars", "consent_scope: any_time", "--select", "accelerometer_decisions+",
            "step_trainer_decisions+")  # fmt: skip

Tally = list[list[Compared]]


def differences(built: Built, tally: Tally) -> list[str]:
    """The tables that differ, each as a line that says how much; and that none is missing."""
    compared = list(compare(built.local, built.database))
    tally.append(compared)
    assert len(compared) == TABLES
    assert sum(table.duckdb for table in compared) > 1_000
    return list(report([table for table in compared if table.differing]))[:-1]


def count(built: Built, rows: str) -> int:
    ((found,),) = built.local.trino.query(f"select count(*) from {rows}").rows
    return found


def before_consent(built: Built) -> int:
    return count(built, "stedi_audit.consent_funnel where reason = 'before_consent'")


def training_rows(built: Built) -> int:
    return count(built, "stedi_curated.machine_learning_curated")


def test_generated_and_bad_deliveries_are_the_same(lakehouse: Built, tally: Tally) -> None:
    assert differences(lakehouse, tally) == []


CHANGES = {
    "stedi_audit.landing_reconciliation": "delete from {}",
    "stedi_curated.customers_curated": "alter table {} rename motion_readings to motions",
    "stedi_trusted.accelerometer_trusted": "update {} set x = x + 1e-12",
    "stedi_trusted.customer_trusted": "update {} set updated_at = updated_at + to_microseconds(1)",
}


@pytest.fixture(scope="module")
def rows_of_small(small: Built) -> dict[str, Rows]:
    """All tables of the small lakehouse on Athena, read once."""
    return {name: of_trino(small.local, name) for name in names(small.local)}


@pytest.mark.parametrize("changes", [{}, CHANGES], ids=["none", "a row, a column, values"])
def test_the_command_reports_differences_and_fails_for_them(
    small: Built,
    rows_of_small: dict[str, Rows],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    changes: dict[str, str],
) -> None:
    database = tmp_path / "changed.duckdb"
    database.write_bytes(small.database.read_bytes())
    with duckdb.connect(database) as connection:
        for table, change in changes.items():
            connection.execute(change.format(table))
    monkeypatch.setattr(parity, "LocalLakehouse", lambda key, report: nullcontext(small.local))
    monkeypatch.setattr(parity, "build_both", lambda *arguments, show: (database, None))
    monkeypatch.setattr(parity, "of_trino", lambda local, name: rows_of_small[name])
    done = CliRunner().invoke(parity.main)
    assert done.exit_code == bool(changes), done.output
    lines = done.output.splitlines()[:-1]
    assert len(lines) == TABLES
    assert [line.split()[0] for line in lines if line.split()[-1] != "0"] == [*changes]


@pytest.mark.parametrize(
    "content", [gzip.compress(b"{}\n" * 99)[:-9], b"{}\n"], ids=["a truncated gzip", "no gzip"]
)
def test_an_unreadable_file_stops_a_build_too(small: Built, content: bytes) -> None:
    s3, bucket = small.local.client("s3"), small.local.lake.config.bucket
    key = "customer/landing/ingest_date=2024-01-01/broken.json.gz"
    s3.put_object(Bucket=bucket, Key=key, Body=content)
    try:
        with pytest.raises(QueryFailed):
            small.local.trino.query("select line from stedi_landing.customer")
    finally:
        s3.delete_object(Bucket=bucket, Key=key)


@pytest.mark.deep
def test_generated_deliveries_are_the_same_at_any_time(generated: Built, tally: Tally) -> None:
    assert before_consent(generated)
    rebuild_both(generated.local, generated.landing, generated.database, *ANY_TIME)
    assert not before_consent(generated)
    assert differences(generated, tally) == []


@pytest.mark.deep
def test_the_real_deliveries_come_out_the_same(real: Built, tally: Tally) -> None:
    assert differences(real, tally) == []
    assert training_rows(real) == 32_025
