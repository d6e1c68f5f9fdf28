"""The pseudonym key in the bucket is replaced step by step, and old ids are found in any file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest

from stedi.layout import PSEUDONYM_KEY_OBJECT
from stedi.maintenance.rotation import NotRotated, OnAthena
from stedi.restricted.key_change import Stage
from stedi.storage.bucket import Bucket
from support.avro_writer import avro, text
from support.aws_commands import aws, run

BUCKET = "stedi-data-lakehouse"
NEW, OTHER_NEW, OLD, KEY_ID = (letter * 64 for letter in "abcd")
BOUNDS = {"type": "record", "name": "r", "fields": [{"name": "least", "type": "bytes"}]}


@pytest.fixture
def bucket(account: None) -> Bucket:
    """A provisioned bucket, with a key."""
    assert run("apply").exit_code == 0
    return Bucket(aws("s3"), BUCKET)


def key(bucket: Bucket) -> bytes:
    return bucket.read(PSEUDONYM_KEY_OBJECT)


@pytest.mark.parametrize("step", range(4))
def test_broken_off_anywhere_it_goes_on(
    step: int, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, old = OnAthena(bucket), key(bucket)
    assert place.stage() is Stage.NOT_BEGUN
    stop_before(step, bucket.client, monkeypatch)
    try:
        place.replace()
    except KeyboardInterrupt:
        pass
    monkeypatch.undo()
    assert place.stage() is (Stage.NOT_BEGUN, Stage.MADE, Stage.REPLACED, Stage.REPLACED)[step]

    place.replace()

    new = key(bucket)
    assert place.stage() is Stage.REPLACED
    assert new != old and len(bytes.fromhex(new.decode().strip())) == 32
    place.replace()
    assert key(bucket) == new  # no third one
    place.destroy()
    assert place.stage() is Stage.NOT_BEGUN and key(bucket) == new
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


def test_without_a_key_there_is_none_to_replace(account: None) -> None:
    aws("s3").create_bucket(Bucket=BUCKET)
    with pytest.raises(NotRotated, match="there is no key to replace"):
        OnAthena(Bucket(aws("s3"), BUCKET)).stage()


@pytest.fixture
def tables(bucket: Bucket, tmp_path: Path) -> Bucket:
    """The bucket with files of tables that were made anew."""
    put_rows(bucket, tmp_path, "staging/stg_customers/1/data/a.parquet", customer_id=NEW)
    put_rows(bucket, tmp_path, "staging/stg_customers/1/data/b.parquet", customer_id=OTHER_NEW)
    put_rows(bucket, tmp_path, "audit/builds/1/data/a.parquet", key_id=KEY_ID)
    put_rows(bucket, tmp_path, "customer/curated/t/1/data/a.parquet", customer_id=NEW)
    put(bucket, "customer/curated/t/1/metadata/m.avro", avro(BOUNDS, text(NEW[:16]), 1))
    return bucket


def put(bucket: Bucket, name: str, content: bytes) -> None:
    bucket.client.put_object(Bucket=BUCKET, Key=name, Body=content)


def put_rows(bucket: Bucket, folder: Path, name: str, **row: str) -> None:
    path = folder / "rows.parquet"
    columns = ", ".join(f"'{value}' as {column}" for column, value in row.items())
    with duckdb.connect() as connection:
        connection.execute(f"copy (select {columns}) to '{path}' (format parquet)")
    put(bucket, name, path.read_bytes())


def test_with_new_ids_alone_nothing_is_found(tables: Bucket) -> None:
    searched = OnAthena(tables).old_ids()
    assert searched.hits == {} and searched.files == 5 and searched.size > 1000


@pytest.mark.parametrize(
    "name", ["customer/curated/t/1/data/b.parquet", "step_trainer/trusted/t/1/data/a.parquet"]
)
def test_an_old_id_in_a_table_is_found(name: str, tables: Bucket, tmp_path: Path) -> None:
    put_rows(tables, tmp_path, name, customer_id=OLD)
    assert OnAthena(tables).old_ids().hits == {name: {"customer_id"}}


@pytest.mark.parametrize("bound", [OLD[:16], OLD[:15] + "d"])
def test_what_iceberg_keeps_of_an_old_id_is_found(bound: str, tables: Bucket) -> None:
    name = "customer/curated/t/1/metadata/n.avro"
    put(tables, name, avro(BOUNDS, text(bound), 1))
    assert OnAthena(tables).old_ids().hits == {name: {"customer_id"}}


def test_old_versions_and_query_results_go_first(tables: Bucket, tmp_path: Path) -> None:
    name = "customer/curated/t/0/data/a.parquet"
    put_rows(tables, tmp_path, name, customer_id=OLD)
    tables.client.delete_object(Bucket=BUCKET, Key=name)
    put(tables, "results/stedi-analyst/a.csv", f'"{OLD}"\n'.encode())
    searched = OnAthena(tables).old_ids()
    assert searched.hits == {} and searched.files == 5
    assert list(tables.versions(name)) == list(tables.versions("results/")) == []
