"""Athena's statements in Trino's terms, and what Athena does not take."""

from __future__ import annotations

import pytest

from local_athena.statements import Rejected, translate

CTAS = """create table "awsdatacatalog"."s"."t" with (
    table_type='iceberg', is_external=false, location='s3://b/p,(x)', format='parquet'{more}
) as select 'it''s (a) -- text' as a"""


def test_a_table_goes_to_the_iceberg_catalog_with_the_properties_that_trino_knows() -> None:
    found = translate("/* dbt */ -- once more\n" + CTAS.format(more=""))
    assert found.trino == (
        "create table iceberg.\"s\".\"t\" with (location = 's3://b/p,(x)', format = 'parquet') as\n"
        "select 'it''s (a) -- text' as a",
    )
    assert found.kind == "DDL"


def test_what_vacuum_and_optimize_go_by_is_kept_aside() -> None:
    found = translate(CTAS.format(more=", vacuum_max_snapshot_age_seconds=60"))
    assert found.properties == {"vacuum_max_snapshot_age_seconds": "60"}
    assert "vacuum" not in found.trino[0]


@pytest.mark.parametrize(
    ("athena", "trino"),
    [
        ("create schema if not exists `s`", 'create schema if not exists awsdatacatalog."s"'),
        (
            "alter table `s`.`a` rename to `s`.`b`",
            'alter table iceberg."s"."a" rename to iceberg."s"."b"',
        ),
        ("drop table if exists `s`.`t`", 'drop table if exists awsdatacatalog."s"."t"'),
        (
            "create external table `s`.`t` (a string, `b` string) row format serde "
            "'org.apache.hadoop.hive.serde2.OpenCSVSerde' location 's3://b/p' "
            "tblproperties ('skip.header.line.count'='1')",
            'create table awsdatacatalog."s"."t" ("a" varchar, "b" varchar) with '
            "(external_location = 's3://b/p/', format = 'CSV', skip_header_line_count = 1)",
        ),
        (
            "OPTIMIZE s.t REWRITE DATA USING BIN_PACK WHERE a = 1",
            'alter table iceberg."s"."t" execute optimize WHERE a = 1',
        ),
        ("select 'a`b' -- `c`", "select 'a`b' -- `c`"),
    ],
)  # fmt: skip
def test_a_statement_becomes_trinos(athena: str, trino: str) -> None:
    assert translate(athena).trino == (trino,)


def test_properties_are_set_and_a_vacuum_is_told_its_table() -> None:
    sql = "alter table `s`.`t` set tblproperties ('vacuum_max_snapshot_age_seconds' = '1')"
    assert translate(sql).properties == {"vacuum_max_snapshot_age_seconds": "1"}
    assert translate("VACUUM s.t").vacuum == ("s", "t")


@pytest.mark.parametrize(
    ("athena", "reason"),
    [
        ("select * from `s`.`t`", "backquoted"),
        (CTAS.format(more=", sorted_by=array['a']"), "'sorted_by' does not exist"),
        (CTAS.format(more="").replace("location=", "partitioning="), "location can not be null"),
        ("alter table s.t add something", "no such statement"),
        ("optimize s.t", "no such statement"),
    ],
)
def test_what_athena_does_not_take_is_rejected(athena: str, reason: str) -> None:
    with pytest.raises(Rejected, match=reason):
        translate(athena)
