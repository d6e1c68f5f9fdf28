"""The page tells of receipts that are missing or changed, and of a changed ledger of builds."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from stedi.builds import last_build_in
from stedi.evidence.erasures import read_erasures
from stedi.restricted.receipts import Receipts
from stedi.restricted.store import RestrictedStore
from stedi.storage.folder import FolderStorage

BEGAN = datetime(2024, 1, 31, 12)
ERASURE = {
    "what": "erasure", "by": "ann", "people": ["1"], "lines": {}, "files": {},
    "devices_shared_and_kept": 0, "searched_objects": 1, "searched_bytes": 2,
}  # fmt: skip


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A ledger of three builds, of which the last has not ended."""
    events = [
        (f"build {number}", status, BEGAN + timedelta(hours=number, microseconds=minutes))
        for number in range(3)
        for minutes, status in enumerate(("begun", "completed"))
    ][:-1]
    path = tmp_path / "lakehouse.duckdb"
    with duckdb.connect(path) as connection:
        connection.execute("create schema stedi_audit")
        connection.execute(
            "create table stedi_audit.builds (build_id varchar, status varchar, happened_at "
            "timestamp, consent_scope varchar default 'any_time', key_id varchar)"
        )
        for event in events:
            connection.execute(
                "insert into stedi_audit.builds (build_id, status, happened_at) values (?, ?, ?)",
                event,
            )
    return path


@pytest.fixture
def store(tmp_path: Path, database: Path) -> RestrictedStore:
    """Two receipts of erasures, and one of a reinstatement."""
    store = RestrictedStore(FolderStorage(tmp_path / "restricted", is_private=True))
    build = last_build_in(database)
    assert (build.build_id, build.rules) == ("build 1", "any_time")
    for _ in range(2):
        Receipts(store).add(ERASURE | {"build": build.build_id, "ledger": build.ledger})
    Receipts(store).add({"what": "reinstatement", "by": "ben", "people": ["1", "2"]})
    return store


def told(store: RestrictedStore, database: Path) -> list[str]:
    with duckdb.connect(database, read_only=True) as connection:
        found = read_erasures(store, lambda sql: connection.execute(sql).fetchall())
    assert [(by, people) for _, by, people in found.reinstatements] == [("ben", 2)]
    return found.broken


def change(database: Path, sql: str) -> None:
    with duckdb.connect(database) as connection:
        connection.execute(sql)


def test_an_unbroken_chain(store: RestrictedStore, database: Path) -> None:
    assert told(store, database) == []
    change(
        database, "insert into stedi_audit.builds select 'next', 'begun', now()::timestamp, '', ''"
    )
    assert told(store, database) == []


def test_a_removed_receipt(store: RestrictedStore, database: Path, tmp_path: Path) -> None:
    (tmp_path / "restricted/erasure_receipts/000002.json").unlink()
    assert told(store, database) == ["receipt 2 is missing"]


@pytest.mark.parametrize(
    "sql",
    [
        "delete from stedi_audit.builds where build_id = 'build 0'",
        "delete from stedi_audit.builds where build_id = 'build 1'",
        "update stedi_audit.builds set status = 'ended' where build_id = 'build 0'",
    ],
)
def test_a_changed_ledger(sql: str, store: RestrictedStore, database: Path) -> None:
    change(database, sql)
    broken = told(store, database)
    assert len(broken) == 2
    assert broken[0].startswith("the ledger of builds was changed since the receipt of 20")


def test_a_ledger_that_began_anew_says_nothing(store: RestrictedStore, database: Path) -> None:
    later = f"{datetime.now() + timedelta(days=2)}"
    change(database, f"update stedi_audit.builds set happened_at = '{later}', build_id = 'new'")
    assert told(store, database) == []


def test_no_receipt_at_all_though_people_were_erased(database: Path, tmp_path: Path) -> None:
    store = RestrictedStore(FolderStorage(tmp_path / "another", is_private=True))
    store.create("erasures/1", b"1")
    with duckdb.connect(database, read_only=True) as connection:
        found = read_erasures(store, lambda sql: connection.execute(sql).fetchall())
    assert found.broken == ["all receipts are missing, though people were erased"]
