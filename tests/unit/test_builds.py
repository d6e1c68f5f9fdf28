"""The ledger of builds reads the same from a DuckDB file and from a bucket."""

from __future__ import annotations

from pathlib import Path

import boto3
import duckdb
import pytest
from moto import mock_aws

from stedi.builds import Build, digest_of_ledger, last_build_in, last_build_of
from stedi.errors import UsageError
from stedi.storage.bucket import Bucket

LEDGER = """
    select * from (values
        ('1', 'begun', timestamp '2024-01-01 00:00:00', 'any_time', null),
        ('1', 'completed', timestamp '2024-01-01 00:00:01.5', 'any_time', 'an id'),
        ('2', 'completed', timestamp '2024-01-02 00:00:00.001', 'any_time, minimum_age 18', 'id'),
        ('3', 'begun', timestamp '2024-01-03', 'since_consent', null)
    ) as ledger (build_id, status, happened_at, consent_scope, key_id)
"""


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "lakehouse.duckdb"
    with duckdb.connect(path) as connection:
        connection.execute("create schema stedi_audit")
        connection.execute(f"create table stedi_audit.builds as {LEDGER}")
    return path


def last_build_in_a_bucket(folder: Path, sql: str) -> Build:
    """Of a table in two files, as Athena writes one for each insert, beside its metadata."""
    with mock_aws():
        bucket = Bucket(boto3.client("s3", region_name="us-east-1"), "stedi-test")
        bucket.client.create_bucket(Bucket=bucket.name)
        bucket.create("audit/builds/1/metadata/m.avro", [b"no Parquet"])
        for name, condition in (("a", "build_id = '1'"), ("b", "build_id != '1'")):
            path = folder / f"{name}.parquet"
            with duckdb.connect() as connection:
                rows = connection.sql(f"select * from ({sql}) where {condition}")
                rows.write_parquet(str(path))
            bucket.create(f"audit/builds/1/data/{name}.parquet", [path.read_bytes()])
        return last_build_of(bucket)


def test_both_engines_have_the_same_last_build(
    database: Path, tmp_path: Path, clean_environment: None
) -> None:
    build = last_build_in(database)
    assert build == last_build_in_a_bucket(tmp_path, LEDGER)
    assert (build.build_id, build.key_id) == ("2", "id")
    assert build.variables == {
        "consent_scope": "any_time",
        "minimum_age": 18,
        "earliest_time": "2010-01-01",
    }


def test_the_digest_is_that_of_the_rows_that_the_page_reads(database: Path) -> None:
    build = last_build_in(database)
    with duckdb.connect(database) as connection:
        rows = connection.sql("select build_id, status, happened_at from stedi_audit.builds")
        assert digest_of_ledger(rows.fetchall(), build.build_id) == build.ledger
        assert digest_of_ledger(rows.fetchall(), "another") is None
        connection.execute("insert into stedi_audit.builds select '4', 'begun', now(), '', ''")
        assert digest_of_ledger(rows.fetchall(), build.build_id) == build.ledger
        connection.execute("delete from stedi_audit.builds where build_id = '1'")
        assert digest_of_ledger(rows.fetchall(), build.build_id) != build.ledger


def test_no_completed_build_is_an_error(
    database: Path, tmp_path: Path, clean_environment: None
) -> None:
    with pytest.raises(UsageError, match="no build was ever completed; run `dbt build --target a"):
        last_build_in_a_bucket(tmp_path, f"select * from ({LEDGER}) where status = 'begun'")
    with duckdb.connect(database) as connection:
        connection.execute("drop table stedi_audit.builds")
    with pytest.raises(UsageError, match="no build was ever completed; run `dbt build` first"):
        last_build_in(database)
    with pytest.raises(UsageError, match="no such database"):
        last_build_in(tmp_path / "none.duckdb")
