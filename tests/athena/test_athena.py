"""The stand-in's answers, by the calls that everybody makes."""

from __future__ import annotations

import time
from datetime import datetime

import pytest
from botocore.exceptions import ClientError

from support.athena.local import LocalLakehouse


@pytest.fixture(scope="module")
def account(local: LocalLakehouse) -> LocalLakehouse:
    local.provision()
    return local


def ask(local: LocalLakehouse, sql: str, context: str = "stedi_staging") -> tuple[dict, list[list]]:
    """The execution of a query when it has ended, and its rows."""
    athena = local.client("athena")
    started = athena.start_query_execution(
        QueryString=sql,
        WorkGroup="stedi",
        QueryExecutionContext={"Catalog": "awsdatacatalog", "Database": context},
    )
    asked = {"QueryExecutionId": started["QueryExecutionId"]}
    while True:
        execution = athena.get_query_execution(**asked)["QueryExecution"]
        if execution["Status"]["State"] != "RUNNING":
            break
        time.sleep(0.05)
    if execution["Status"]["State"] != "SUCCEEDED":
        return execution, []
    pages = athena.get_paginator("get_query_results").paginate(**asked)
    rows = [row for page in pages for row in page["ResultSet"]["Rows"]]
    return execution, [[cell.get("VarCharValue") for cell in row["Data"]] for row in rows]


def test_rows_come_page_by_page_behind_a_header(account: LocalLakehouse) -> None:
    _, rows = ask(account, "select n, null as nothing from unnest(sequence(1, 2500)) as t (n)")
    assert rows[0] == ["n", "nothing"]
    assert [int(n) for n, _ in rows[1:]] == list(range(1, 2501))


def test_a_time_has_six_digits(account: LocalLakehouse) -> None:
    _, rows = ask(account, "select timestamp '2024-01-01 00:00:00.000001' as a")
    assert datetime.fromisoformat(rows[1][0]).microsecond == 1


def create(name: str, query: str) -> str:
    location = f"s3://stedi-data-lakehouse/staging/{name}/1"
    return (
        f"create table stedi_staging.{name} with (table_type='iceberg', is_external=false, "
        f"location='{location}', vacuum_max_snapshot_age_seconds=1) as {query}"
    )


def test_milliseconds_are_rejected_in_iceberg(account: LocalLakehouse) -> None:
    execution, _ = ask(account, create("times", "select timestamp '2024-01-01 00:00:00.000' as a"))
    assert execution["Status"]["State"] == "FAILED"
    assert "Timestamp precision (3)" in execution["Status"]["StateChangeReason"]


def test_deleted_rows_are_gone_after_optimize_and_vacuum(account: LocalLakehouse) -> None:
    def files() -> int:
        found = account.client("s3").list_objects_v2(
            Bucket="stedi-data-lakehouse", Prefix="staging/people/1/data/"
        )
        return found["KeyCount"]

    for sql in (
        create("people", "select n from unnest(sequence(1, 9)) as t (n)"),
        "delete from stedi_staging.people where n > 4",
        "optimize stedi_staging.people rewrite data using bin_pack",
    ):
        execution, _ = ask(account, sql)
        assert execution["Status"]["State"] == "SUCCEEDED", execution
    assert files() > 1
    time.sleep(1.1)
    execution, _ = ask(account, "vacuum stedi_staging.people")
    assert execution["Status"]["State"] == "SUCCEEDED", execution
    assert files() == 1
    assert ask(account, "select count(*) from stedi_staging.people")[1][1] == ["4"]


def test_a_query_can_be_stopped(account: LocalLakehouse) -> None:
    athena = account.client("athena")
    endless = "select count(*) from unnest(sequence(1, 9999)) a, unnest(sequence(1, 9999)) b, " \
        "unnest(sequence(1, 9999)) c"  # fmt: skip
    asked = {"QueryExecutionId": athena.start_query_execution(
        QueryString=endless, WorkGroup="stedi")["QueryExecutionId"]}  # fmt: skip
    time.sleep(0.5)
    athena.stop_query_execution(**asked)
    assert athena.get_query_execution(**asked)["QueryExecution"]["Status"]["State"] == "CANCELLED"


def test_an_unknown_workgroup_is_refused(account: LocalLakehouse) -> None:
    with pytest.raises(ClientError, match="not found"):
        account.client("athena").start_query_execution(QueryString="select 1", WorkGroup="none")
