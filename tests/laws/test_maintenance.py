"""After maintenance the DuckDB file holds no row that a build has deleted."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from stedi.synthetic.personas import DAY, START
from support.duckdb_tables import file_of, texts_in, unpack
from support.lakehouse import Lakehouse, customer_id
from support.withdrawal import ANN, TRUSTED_AND_CURATED, deliver, rows_of

WITHDRAWN = ANN._replace(last_update=START + DAY)
ID, EMAIL = customer_id(ANN.email), ANN.email


@pytest.fixture
def lakehouse(tmp_path: Path) -> Lakehouse:
    """A lakehouse whose file is not compressed."""
    lakehouse = Lakehouse(tmp_path)
    unpack(lakehouse)
    return lakehouse


def maintain(lakehouse: Lakehouse, *arguments: str) -> None:
    result = lakehouse.dbt("run-operation", "maintain", *arguments)
    assert result.success, result.errors


def in_file(lakehouse: Lakehouse, text: str) -> int:
    """How often a text stands in the bytes of the database file."""
    return file_of(lakehouse).count(text.encode())


def in_rows(lakehouse: Lakehouse, text: str) -> int:
    """How often it stands in the rows of all tables."""
    return texts_in(lakehouse).count(text)


def test_after_a_withdrawal_the_file_holds_the_person_in_staging_only(measured: Lakehouse) -> None:
    deliver(measured, 2, WITHDRAWN)
    before = measured.tables()
    assert in_file(measured, ID) > in_rows(measured, ID)  # as the search can find it
    assert in_file(measured, EMAIL) > in_rows(measured, EMAIL)

    maintain(measured)

    assert rows_of(measured, ANN) == dict.fromkeys(TRUSTED_AND_CURATED, 0)
    assert in_file(measured, ID) == in_rows(measured, ID) > 0
    assert in_file(measured, EMAIL) == in_rows(measured, EMAIL) > 0
    assert measured.tables() == before


def test_a_person_who_is_in_no_delivery_any_more_is_nowhere_in_the_file(
    measured: Lakehouse,
) -> None:
    who = {"customer_id": ID, "email": EMAIL, "serial number": ANN.serial_number}
    for path in measured.landing.rglob("*.json"):
        lines = path.read_text().splitlines(keepends=True)
        kept = [line for line in lines if not any(value in line for value in who.values())]
        path.write_text("".join(kept))
    file_of(measured)  # else its rows would be in the log alone, and never come into the file
    assert measured.dbt("build", "--full-refresh").success
    assert in_rows(measured, ID) == in_rows(measured, EMAIL) == 0
    assert all(in_file(measured, text) for text in who.values())

    maintain(measured)

    content = measured.database.read_bytes()
    assert [what for what, text in who.items() if text.encode() in content] == []


@pytest.mark.deep
def test_maintenance_reports_the_bytes_reclaimed_and_the_next_build_is_a_nightly_one(
    measured: Lakehouse, capfd: pytest.CaptureFixture[str]
) -> None:
    before = comments(measured)
    assert len(before) > 100
    file_of(measured)
    assert measured.dbt("build", "--full-refresh").success
    size = len(file_of(measured))
    capfd.readouterr()
    maintain(measured)
    told = capfd.readouterr().out
    after = measured.database.stat().st_size
    assert f"{size - after:,} bytes reclaimed: the file had {size:,} and has {after:,}." in told
    assert after < size
    assert comments(measured) == before

    deliver(measured, 2, WITHDRAWN)
    assert whole_builds(measured) == [True, True, False]


def comments(lakehouse: Lakehouse) -> list[tuple[str, str]]:
    """What tables, views and columns are described as."""
    return lakehouse.query(
        "select table_name as name, comment from duckdb_tables() where comment is not null "
        "union all select view_name, comment from duckdb_views() where comment is not null "
        "union all select column_name, comment from duckdb_columns() where comment is not null "
        "order by all"
    )


def test_maintenance_does_not_count_as_an_interrupted_build(measured: Lakehouse) -> None:
    """As Athena notes it, where builds may overlap; its consent_scope is not used."""
    with duckdb.connect(measured.database) as connection:
        for status in ("maintaining", "ended"):
            connection.execute(
                "insert into stedi_audit.builds (build_id, status, happened_at, consent_scope, "
                f"is_whole) select 'm', '{status}', max(happened_at) + interval 1 second, "
                "'any_time', false from stedi_audit.builds"
            )
    deliver(measured, 2, WITHDRAWN)
    assert whole_builds(measured) == [True, False]
    assert rows_of(measured, ANN) == dict.fromkeys(TRUSTED_AND_CURATED, 0)


def whole_builds(lakehouse: Lakehouse) -> list[bool]:
    """Whether each completed build rebuilt everything, in their order."""
    sql = "select is_whole from stedi_audit.builds where status = 'completed' order by happened_at"
    return [whole for (whole,) in lakehouse.query(sql)]
