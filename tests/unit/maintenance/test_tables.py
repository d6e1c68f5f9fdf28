"""Maintenance finds the files of a table, and deletes those that no table lists."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.client import BaseClient
from click.testing import Result

from stedi.maintenance.iceberg import files_of
from stedi.maintenance.tables import Table, folder_of, folders_of_no_table, size_report
from stedi.storage.bucket import Bucket, Object
from support.avro_files import avro

BUCKET = "stedi-test"
NOW = datetime(2024, 5, 10, tzinfo=UTC)
LIST = {
    "type": "record",
    "name": "manifest_file",
    "fields": [{"name": "manifest_path", "type": "string"}],
}
MANIFEST = {
    "type": "record",
    "name": "manifest_entry",
    "fields": [
        {"name": "status", "type": "int"},
        {
            "name": "data_file",
            "type": {
                "type": "record",
                "name": "r2",
                "fields": [{"name": "file_path", "type": "string"}],
            },
        },
    ],
}
ADDED, DELETED = 1, 2


def manifest(*entries: tuple[int, str]) -> bytes:
    rows = [{"status": status, "data_file": {"file_path": path}} for status, path in entries]
    return avro(MANIFEST, rows)


def manifests(*paths: str) -> bytes:
    return avro(LIST, ({"manifest_path": path} for path in paths))


TABLE = {
    "current-snapshot-id": 3,
    "snapshots": [
        {"snapshot-id": 1, "timestamp-ms": 1000, "manifest-list": "list1"},
        {"snapshot-id": 2, "timestamp-ms": 2000, "manifest-list": "list2"},
        {"snapshot-id": 3, "timestamp-ms": 3000, "manifest-list": "list3"},
    ],
    "metadata-log": [{"metadata-file": "older.json", "timestamp-ms": 1}],
    "statistics": [{"statistics-path": "sketches", "snapshot-id": 3}],
}
FILES = {
    "table.json": json.dumps(TABLE).encode(),
    "list1": manifests("m1"),
    "list2": manifests("m1", "m2"),
    "list3": manifests("m3"),
    "m1": manifest((ADDED, "first"), (ADDED, "second")),
    "m2": manifest((ADDED, "third")),
    "m3": manifest((DELETED, "first"), (DELETED, "second"), (ADDED, "merged"), (0, "third")),
}


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_the_files_of_a_table_are_those_of_its_snapshots(pack: type[bytes]) -> None:
    stored = FILES | {"table.json": pack(FILES["table.json"])}
    found = files_of(stored.__getitem__, "table.json")
    assert found.current == {
        "table.json",
        "older.json",
        "sketches",
        "list3",
        "m3",
        "merged",
        "third",
    }
    assert found.former == {"list1", "list2", "m1", "m2", "first", "second"}


def test_a_table_without_a_snapshot_has_its_metadata_alone() -> None:
    assert files_of(lambda _: b"{}", "table.json") == ({"table.json"}, set())


@pytest.mark.parametrize(
    ("key", "folder"),
    [
        ("staging/t/1-2/data/a/b.parquet", "staging/t/1-2/"),
        ("customer/trusted/t/1-2/metadata/v1.metadata.json", "customer/trusted/t/1-2/"),
        ("audit/seed/1-2/seed.csv", "audit/seed/1-2/"),
    ],
)
def test_which_folder_a_file_belongs_to(key: str, folder: str) -> None:
    assert folder_of(key) == folder


KNOWN = [Table("stedi_staging.t", "staging/t/1/", None), Table("stedi_audit.u", "audit/u/1/", None)]


def files(*keys: str) -> list[Object]:
    return [Object(key, NOW, 10) for key in keys]


def test_folders_without_a_table_are_found() -> None:
    found = folders_of_no_table(
        files(
            "staging/t/1/data/a",
            "staging/t/2/data/a",
            "staging/t/2/metadata/a",
            "staging/t/10/data/a",
            "staging/gone/a.csv",
        ),
        KNOWN,
    )
    assert found == {"staging/t/2/": 20, "staging/t/10/": 10, "staging/gone/": 10}


@pytest.mark.parametrize("key", ["staging/a", "staging/t/a", "staging/t/1/a", "customer/trusted/a"])
def test_neither_a_zone_nor_a_folder_above_a_table_counts_as_one_without_a_table(key: str) -> None:
    assert folders_of_no_table(files(key), KNOWN) == {}


def test_the_report_adds_up_bytes_by_table() -> None:
    before = files("staging/t/1/a", "staging/t/1/b", "staging/t/2/a", "audit/u/1/a")
    after = files("staging/t/3/a", "audit/u/1/a")
    moved = [Table("stedi_staging.t", "staging/t/3/", None), KNOWN[1]]
    rows = [re.split("  +", line) for line in size_report((KNOWN, before), (moved, after))]
    assert rows == [
        ["stedi_audit.u", "10 bytes before", "10 after", "0 reclaimed"],
        ["stedi_staging.t", "20 bytes before", "10 after", "10 reclaimed"],
        ["no table", "10 bytes before", "0 after", "10 reclaimed"],
        ["all", "40 bytes before", "20 after", "20 reclaimed"],
    ]


TABLE_KEY = "staging/t/1"
ADDRESS = f"s3://{BUCKET}/{TABLE_KEY}"


@pytest.fixture
def lake(bucket: Bucket, run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch) -> Bucket:
    """A bucket with one table of one snapshot, and a dbt that does nothing."""
    monkeypatch.setattr("stedi.project.Dbt.run", lambda *_, **__: None)
    glue = boto3.client("glue")
    for layer in ("staging", "trusted", "curated", "audit"):
        glue.create_database(DatabaseInput={"Name": f"stedi_{layer}"})
    table = {
        "Name": "t",
        "StorageDescriptor": {"Location": ADDRESS},
        "Parameters": {"metadata_location": f"{ADDRESS}/metadata/1.metadata.json"},
    }
    glue.create_table(DatabaseName="stedi_staging", TableInput=table)
    put_table(bucket, [snapshot(1)])
    put(bucket, "metadata/list1", manifests(f"{ADDRESS}/metadata/m1"))
    put(bucket, "metadata/m1", manifest((ADDED, f"{ADDRESS}/data/now")))
    put(bucket, "data/now", b"rows")
    return bucket


def snapshot(number: int) -> dict[str, Any]:
    return {"snapshot-id": number, "manifest-list": f"{ADDRESS}/metadata/list{number}"}


def put_table(bucket: Bucket, snapshots: list[dict[str, Any]]) -> None:
    """Writes the table's metadata; the last snapshot is its state now."""
    table = {"current-snapshot-id": snapshots[-1]["snapshot-id"], "snapshots": snapshots}
    put(bucket, "metadata/1.metadata.json", json.dumps(table).encode())


def put(bucket: Bucket, name: str, content: bytes) -> None:
    bucket.client.put_object(Bucket=bucket.name, Key=f"{TABLE_KEY}/{name}", Body=content)


def keys(bucket: Bucket) -> set[str]:
    return {each.key.removeprefix(f"{TABLE_KEY}/") for each in bucket.objects("staging/")}


OF_THE_TABLE = {"metadata/1.metadata.json", "metadata/list1", "metadata/m1", "data/now"}


def test_a_file_that_its_table_does_not_list_is_deleted(
    lake: Bucket, run: Callable[..., Result]
) -> None:
    put(lake, "data/left by a failed query", b"rows")
    done = run("maintain")
    assert done.exit_code == 0, done.output
    assert "Deleted 1 files that stedi_staging.t does not list" in done.output
    assert keys(lake) == OF_THE_TABLE
    assert run("maintain").exit_code == 0
    assert keys(lake) == OF_THE_TABLE


def test_a_file_of_a_query_that_runs_beside_is_left(
    lake: Bucket, run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stedi.project.Dbt.run", lambda *_, **__: put(lake, "data/new", b"rows"))
    assert run("maintain").exit_code == 0
    assert keys(lake) == {*OF_THE_TABLE, "data/new"}


def test_a_file_that_may_not_be_deleted_is_named(
    lake: Bucket, run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    put(lake, "data/left", b"rows")
    call = BaseClient._make_api_call

    def refused(self: BaseClient, name: str, arguments: dict[str, Any]) -> Any:
        if name != "DeleteObjects":
            return call(self, name, arguments)
        key = arguments["Delete"]["Objects"][0]["Key"]
        return {"Errors": [{"Key": key, "Code": "AccessDenied", "Message": "Access Denied"}]}

    monkeypatch.setattr(BaseClient, "_make_api_call", refused)
    done = run("maintain")
    assert done.exit_code == 1
    assert f"{ADDRESS}/data/left: AccessDenied" in done.stderr
    assert "Allow s3:DeleteObject, so that it can be deleted, then run this again" in done.stderr


def test_a_table_with_former_snapshots_is_named_and_keeps_its_files(
    lake: Bucket, run: Callable[..., Result]
) -> None:
    put_table(lake, [snapshot(0), snapshot(1)])
    put(lake, "metadata/list0", manifests(f"{ADDRESS}/metadata/m0"))
    put(lake, "metadata/m0", manifest((ADDED, f"{ADDRESS}/data/then")))
    put(lake, "data/then", b"rows")
    before = keys(lake)
    done = run("maintain")
    assert done.exit_code == 1
    assert "still have former snapshots: stedi_staging.t. If the project" in done.stderr
    assert keys(lake) == before


def test_a_folder_without_a_table_that_dbt_could_not_delete_is_named(
    lake: Bucket, run: Callable[..., Result]
) -> None:
    lake.client.put_object(Bucket=lake.name, Key="staging/gone/data/a", Body=b"rows")
    done = run("maintain")
    assert done.exit_code == 1
    assert f"such as s3://{BUCKET}/staging/gone/. Allow dbt's role s3:DeleteObject" in done.stderr
