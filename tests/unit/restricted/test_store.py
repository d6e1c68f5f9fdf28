"""Restricted files: small, written once, read only by those who may."""

from __future__ import annotations

from pathlib import Path

import pytest

from stedi.errors import StediError
from stedi.restricted.store import RestrictedStore
from stedi.storage.folder import FolderStorage


@pytest.fixture
def store(tmp_path: Path) -> RestrictedStore:
    return RestrictedStore(FolderStorage(tmp_path / "root", is_private=True), "restricted/")


def test_files_are_named_by_their_folder_and_name(store: RestrictedStore, tmp_path: Path) -> None:
    assert store.create("erasures/b", b"2")
    assert store.create("erasures/a", b"1")
    assert store.create("erasure_receipts/a", b"3")
    assert store.names("erasures") == ["erasures/a", "erasures/b"]
    assert store.names("pending_erasures") == []
    assert store.read("erasures/a") == b"1"
    assert (tmp_path / "root/restricted/erasures/a").read_bytes() == b"1"


def test_a_file_is_written_once(store: RestrictedStore) -> None:
    store.create("erasures/a", b"1")
    assert not store.create("erasures/a", b"2")
    assert store.read("erasures/a") == b"1"


def test_a_file_that_does_not_exist_is_none(store: RestrictedStore) -> None:
    assert store.read("erasures/a") is None
    store.delete("erasures/a")


def test_a_deleted_file_is_gone(store: RestrictedStore) -> None:
    store.create("erasures/a", b"1")
    store.delete("erasures/a")
    assert store.names("erasures") == []


def test_hidden_files_are_passed_over(store: RestrictedStore, tmp_path: Path) -> None:
    store.create("erasures/a", b"1")
    (tmp_path / "root/restricted/erasures/.DS_Store").touch()
    assert store.names("erasures") == ["erasures/a"]


def test_a_folder_that_cannot_be_read_is_named(
    store: RestrictedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    store.create("erasures/a", b"1")
    monkeypatch.setattr(FolderStorage, "read", denied)
    with pytest.raises(StediError, match=r"restricted/erasures/a: cannot be read \(Permission"):
        store.read("erasures/a")
    monkeypatch.setattr(FolderStorage, "objects", denied)
    with pytest.raises(StediError, match="restricted/erasures: cannot be read"):
        store.names("erasures")
