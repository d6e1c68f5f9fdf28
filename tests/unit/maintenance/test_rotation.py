"""A rotation replaces the key in the bucket step by step, and finds old ids in any file."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import duckdb
import pytest

from stedi.errors import StediError
from stedi.layout import PSEUDONYM_KEY_OBJECT
from stedi.maintenance.rotation import AthenaRotation, check
from stedi.restricted.key_change import Stage
from stedi.storage.bucket import Bucket
from support.avro_files import bounds

NEW, OTHER_NEW, OLD, KEY_ID = (letter * 64 for letter in "abcd")


@pytest.fixture
def with_key(bucket: Bucket) -> Bucket:
    """The bucket with a pseudonym key."""
    put(bucket, PSEUDONYM_KEY_OBJECT, b"a key of the tests\n")
    return bucket


def key(bucket: Bucket) -> bytes:
    return bucket.read(PSEUDONYM_KEY_OBJECT)


# Before which change of the bucket it is interrupted, and how far it has come then.
INTERRUPTED = (Stage.NOT_BEGUN, Stage.MADE)


@pytest.mark.parametrize("step", range(len(INTERRUPTED) + 1))
def test_a_rotation_resumes_wherever_it_was_interrupted(
    step: int, with_key: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket = with_key
    rotation, old = AthenaRotation(bucket), key(bucket)
    assert rotation.stage() is Stage.NOT_BEGUN
    stop_before(step, bucket.client, monkeypatch)
    is_last = step == len(INTERRUPTED)  # there is no such change: it has come to its end
    with contextlib.nullcontext() if is_last else pytest.raises(KeyboardInterrupt):
        rotation.replace()
    monkeypatch.undo()
    assert rotation.stage() is (*INTERRUPTED, Stage.REPLACED)[step]

    rotation.replace()

    new = key(bucket)
    assert rotation.stage() is Stage.REPLACED
    assert new != old
    assert len(bytes.fromhex(new.decode().strip())) == 32
    rotation.replace()
    assert key(bucket) == new  # no third one
    rotation.destroy()
    assert rotation.stage() is Stage.NOT_BEGUN
    assert key(bucket) == new
    assert len(list(bucket.versions(PSEUDONYM_KEY_OBJECT))) == 1


def stop_before(step: int, client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Has the change of the bucket of that number, from 0, break off."""
    made, left = client._make_api_call, [step]

    def call(name: str, arguments: dict[str, Any]) -> Any:
        if name in ("DeleteObject", "PutObject"):
            if left[0] == 0:
                raise KeyboardInterrupt
            left[0] -= 1
        return made(name, arguments)

    monkeypatch.setattr(client, "_make_api_call", call)


def test_a_rotation_without_a_key_is_refused(bucket: Bucket) -> None:
    with pytest.raises(StediError, match="there is no key to replace"):
        AthenaRotation(bucket).stage()


@pytest.fixture
def tables(with_key: Bucket, tmp_path: Path) -> Bucket:
    """The bucket with files of tables that were rebuilt."""
    bucket = with_key
    put_rows(bucket, tmp_path, "staging/stg_customers/1/data/a.parquet", customer_id=NEW)
    put_rows(bucket, tmp_path, "staging/stg_customers/1/data/b.parquet", customer_id=OTHER_NEW)
    put_rows(bucket, tmp_path, "audit/builds/1/data/a.parquet", key_id=KEY_ID)
    put_rows(bucket, tmp_path, "customer/curated/t/1/data/a.parquet", customer_id=NEW)
    put(bucket, "customer/curated/t/1/metadata/m.avro", bounds(NEW[:16]))
    return bucket


def address(bucket: Bucket, name: str) -> str:
    return f"s3://{bucket.name}/{name}"


def put(bucket: Bucket, name: str, content: bytes) -> None:
    bucket.client.put_object(Bucket=bucket.name, Key=name, Body=content)


def put_rows(bucket: Bucket, folder: Path, name: str, **row: str) -> None:
    path = folder / "rows.parquet"
    columns = ", ".join(f"'{value}' as {column}" for column, value in row.items())
    with duckdb.connect() as connection:
        connection.execute(f"copy (select {columns}) to '{path}' (format parquet)")
    put(bucket, name, path.read_bytes())


def test_with_new_ids_alone_nothing_is_found(tables: Bucket) -> None:
    searched = AthenaRotation(tables).search()
    assert searched.findings == set()
    assert searched.objects == 5
    assert searched.bytes > 4 * 64


@pytest.mark.parametrize(
    "name", ["customer/curated/t/1/data/b.parquet", "step_trainer/trusted/t/1/data/a.parquet"]
)
def test_an_old_id_in_a_table_is_found(name: str, tables: Bucket, tmp_path: Path) -> None:
    put_rows(tables, tmp_path, name, customer_id=OLD)
    assert AthenaRotation(tables).search().findings == {(address(tables, name), "customer_id")}


@pytest.mark.parametrize("bound", [OLD[:16], OLD[:15] + "d"])
def test_what_iceberg_keeps_of_an_old_id_is_found(bound: str, tables: Bucket) -> None:
    name = "customer/curated/t/1/metadata/n.avro"
    put(tables, name, bounds(bound))
    assert AthenaRotation(tables).search().findings == {(address(tables, name), "customer_id")}


def test_old_versions_and_query_results_go_first(tables: Bucket, tmp_path: Path) -> None:
    name = "customer/curated/t/0/data/a.parquet"
    put_rows(tables, tmp_path, name, customer_id=OLD)
    tables.client.delete_object(Bucket=tables.name, Key=name)
    put(tables, "results/stedi-analyst/a.csv", f'"{OLD}"\n'.encode())
    searched = AthenaRotation(tables).search()
    assert searched.findings == set()
    assert searched.objects == 5
    assert list(tables.versions(name)) == list(tables.versions("results/")) == []


def test_a_file_that_cannot_be_searched_keeps_the_old_key(tables: Bucket) -> None:
    name = "customer/curated/t/1/metadata/n.avro"
    put(tables, name, bounds(NEW[:16])[:-20])
    with pytest.raises(StediError) as error:
        check(AthenaRotation(tables).search(), print)
    assert f"{address(tables, name)}: it begins as Avro and cannot be read" in str(error.value)
    assert "The old key is kept" in str(error.value)


def test_an_old_file_of_stg_customers_vouches_for_no_id(tables: Bucket, tmp_path: Path) -> None:
    name = "staging/stg_customers/0/data/a.parquet"
    put_rows(tables, tmp_path, name, customer_id=OLD)
    tables.client.delete_object(Bucket=tables.name, Key=name)
    put(tables, "audit/t", OLD.encode())
    assert AthenaRotation(tables).search().findings == {(address(tables, "audit/t"), "customer_id")}
