"""Which files a table has, and which folders none: pure functions of scripts/maintain.py."""

from __future__ import annotations

import gzip
import json
import re
from datetime import datetime, timezone

import pytest

from stedi.commands.maintain import told
from stedi.maintenance.iceberg import current_files
from stedi.maintenance.tables import Table, folder_of, folders_of_no_table
from stedi.storage.bucket import Object
from support.avro_writer import avro, number, text

NOW = datetime(2024, 5, 10, tzinfo=timezone.utc)
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
    block = b"".join(number(status) + text(path) for status, path in entries)
    return avro(MANIFEST, block, len(entries))


def manifests(*paths: str) -> bytes:
    return avro(LIST, b"".join(map(text, paths)), len(paths))


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


@pytest.mark.parametrize(
    ("since", "files"),
    [
        (9999, {"list3", "m3", "merged", "third"}),
        (2000, {"list3", "m3", "merged", "third", "list2", "m1", "first", "second", "m2"}),
    ],
)
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_tables_files_are_those_of_its_snapshots_that_count(
    since: int, files: set[str], pack: type[bytes]
) -> None:
    stored = FILES | {"table.json": pack(FILES["table.json"])}
    found = current_files(stored.__getitem__, "table.json", since)
    assert found == files | {"table.json", "older.json", "sketches"}


def test_a_table_without_a_snapshot_has_its_metadata_alone() -> None:
    assert current_files(lambda _: b"{}", "table.json", 0) == {"table.json"}


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


def test_folders_in_which_no_table_lies_are_found() -> None:
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
def test_neither_a_zone_nor_what_is_above_a_table_is_such_a_folder(key: str) -> None:
    assert folders_of_no_table(files(key), KNOWN) == {}


def test_it_is_told_in_bytes_of_the_files() -> None:
    before = files("staging/t/1/a", "staging/t/1/b", "staging/t/2/a", "audit/u/1/a")
    after = files("staging/t/3/a", "audit/u/1/a")
    moved = [Table("stedi_staging.t", "staging/t/3/", None), KNOWN[1]]
    rows = [re.split("  +", line) for line in told((KNOWN, before), (moved, after))]
    assert rows == [
        ["stedi_audit.u", "10 bytes before", "10 after", "0 reclaimed"],
        ["stedi_staging.t", "20 bytes before", "10 after", "10 reclaimed"],
        ["no table", "10 bytes before", "0 after", "10 reclaimed"],
        ["all", "40 bytes before", "20 after", "20 reclaimed"],
    ]
