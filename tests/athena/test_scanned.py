"""Every byte that a build scans is reported, and it is less than the course's way scans."""

from __future__ import annotations

import pytest

from local_athena.athena import Execution
from local_athena.statements import translate
from local_athena.trino import Answer
from stedi.cost.scans import MB, Scan
from support.athena import course, scanned
from support.athena.built import Built
from support.athena.scanned import by_node, scan

COMMENT = '-- /* {"app": "dbt", "node_id": "model.stedi_lakehouse.a"} */\n'


def execution(sql: str, read: int, state: str = "SUCCEEDED") -> Execution:
    return Execution(sql, {}, "stedi", None, state=state, statement=translate(sql),
                     answer=Answer(bytes_read=read))  # fmt: skip


@pytest.mark.parametrize(
    ("sql", "read", "charged"),
    [
        ("select 1", 0, 10 * MB),
        ("select 1", 10 * MB + 1, 11 * MB),
        ("create table s.t with (table_type='iceberg', is_external=false, location='s3://b/p') as "
         "select 1", 5, 10 * MB),
        ("drop table if exists `s`.`t`", 0, 0),
    ],
)  # fmt: skip
def test_a_query_is_charged_by_the_megabyte_and_for_ten_at_least(
    sql: str, read: int, charged: int
) -> None:
    assert scan(execution(sql, read)).charged == charged
    assert scan(execution(sql, read, "FAILED")) == Scan()


def test_queries_are_their_nodes() -> None:
    queries = [execution(COMMENT + "select 1", 5), execution(COMMENT + "select 2", 6),
               execution("select 3", 7)]  # fmt: skip
    assert {node: found.scanned for node, found in by_node(queries).items()} == {
        "model.stedi_lakehouse.a": 11,
        "": 7,
    }


def test_a_build_scans_what_its_queries_do(lakehouse: Built) -> None:
    lines = list(scanned.of_build(lakehouse.result, lakehouse.queries, landing=1))
    everything = sum(query.answer.bytes_read for query in lakehouse.queries)
    (last,) = (line for line in lines if line.strip().startswith("(all)"))
    assert f"{everything:,}  bytes scanned" in last
    told = sum(
        int(node["adapter_response"].get("data_scanned_in_bytes") or 0)
        for node in lakehouse.result.nodes
    )
    assert 0 < told <= everything


@pytest.mark.deep
def test_the_curated_tables_scan_less_than_the_courses_way(generated: Built) -> None:
    check(course.compare(generated.local, generated.queries))


@pytest.mark.deep
def test_so_they_do_on_the_real_deliveries(real: Built) -> None:
    compared = course.compare(real.local, real.queries)
    check(compared)
    assert all(beside.ratio > 1 for beside in compared)
    theirs = real.local.trino.query(f"select count(*) from {course.THEIRS}").rows
    assert theirs == [[43_681]]


def check(compared: list[course.Beside]) -> None:
    """Whatever was delivered, a curated table is made of less than all of it, and is less."""
    print(*course.report(compared), sep="\n")
    making, reading = compared[:3], compared[-2:]
    assert all(beside.ours and beside.ratio > 1 for beside in (*making, *reading))
