"""What only a folder has: permissions, links, and what interrupted writes leave."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from stedi.storage.atomic import UNFINISHED
from stedi.storage.folder import FolderStorage

KEY = "customer/landing/ingest_date=2024-01-31/a.json"


@pytest.fixture
def open_umask() -> None:
    """Nothing is taken from the permissions that are asked for."""
    before = os.umask(0)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


@pytest.mark.usefixtures("open_umask")
@pytest.mark.parametrize(("is_private", "modes"), [(True, (0o700, 0o600)), (False, (0o777, 0o666))])
def test_private_files_are_for_their_owner_alone(
    tmp_path: Path, is_private: bool, modes: tuple[int, int]
) -> None:
    storage = FolderStorage(tmp_path / "root", is_private)
    storage.create("secrets/key", [b"a"])
    folder = tmp_path / "root" / "secrets"
    assert (mode(folder), mode(folder / "key")) == modes


def test_replacing_keeps_the_permissions(folder: FolderStorage) -> None:
    folder.create(KEY, [b"before"])
    (folder.root / KEY).chmod(0o640)
    (found,) = folder.objects()
    folder.replace(found, [b"after"])
    assert mode(folder.root / KEY) == 0o640


def test_unfinished_writes_are_no_objects_but_are_searched(folder: FolderStorage) -> None:
    folder.create(KEY, [b"a"])
    left = (folder.root / KEY).with_name(f"{UNFINISHED}1")
    left.write_bytes(b"half")
    assert [found.key for found in folder.objects()] == [KEY]
    assert len([*folder.versions()]) == 2
    folder.delete_unfinished("customer/landing/")
    assert [found.key for found in folder.versions()] == [KEY]


def test_a_link_to_nothing_is_no_object(folder: FolderStorage) -> None:
    folder.create(KEY, [b"a"])
    (folder.root / "customer" / "link").symlink_to(folder.root / "nothing")
    assert [found.key for found in folder.objects()] == [KEY]
    assert [found.key for found in folder.versions()] == [KEY]


def test_a_folder_that_cannot_be_listed_is_an_error(folder: FolderStorage) -> None:
    folder.root.parent.joinpath("root").write_bytes(b"a file")
    with pytest.raises(NotADirectoryError):
        [*folder.objects("customer/")]


def test_linked_folders_are_followed_but_not_in_circles(
    folder: FolderStorage, tmp_path: Path
) -> None:
    """The build reads what is in them, so an erasure must find it."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "a.json").write_bytes(b"a")
    zone = folder.root / "customer" / "landing"
    zone.mkdir(parents=True)
    (zone / "ingest_date=2024-01-31").symlink_to(elsewhere)
    (zone / "circle").symlink_to(folder.root)
    assert [found.key for found in folder.objects()] == [KEY]
    (found,) = folder.objects("customer/landing/ingest_date=")
    folder.replace(found, [b"b"])
    assert (elsewhere / "a.json").read_bytes() == b"b"
