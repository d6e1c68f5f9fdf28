"""What a folder and a bucket have in common: objects are written whole, and only by one writer."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import pytest

from stedi.storage.storage import Changed, Object, Storage

KEY = "customer/landing/ingest_date=2024-01-31/a.json"


def keys(storage: Storage, prefix: str = "") -> list[str]:
    return [found.key for found in storage.objects(prefix)]


def listed(storage: Storage, key: str = KEY) -> Object:
    (found,) = [each for each in storage.objects(key) if each.key == key]
    return found


def broken_content() -> Iterator[bytes]:
    yield b"half"
    raise OSError(5, "Input/output error")


def test_objects_are_listed_by_key_with_their_sizes(storage: Storage) -> None:
    for key in ("b/2", "b/10", "a", "b/1/x", "bc"):
        assert storage.create(key, [key.encode()])
    assert [(found.key, found.size) for found in storage.objects("b/")] == [
        ("b/1/x", 5),
        ("b/10", 4),
        ("b/2", 3),
    ]
    assert keys(storage, "b/1") == ["b/1/x", "b/10"]
    assert keys(storage) == ["a", "b/1/x", "b/10", "b/2", "bc"]
    assert keys(storage, "c/d/") == []


def test_folders_are_listed_by_name(storage: Storage) -> None:
    for key in ("a/2/x", "a/1/x", "a/1/y/z", "a/file", "b/3/x"):
        storage.create(key, [b""])
    assert storage.folders("a/") == ["1", "2"]
    assert storage.folders("c/") == []


def test_an_object_is_read_as_it_was_written(storage: Storage) -> None:
    assert storage.create(KEY, [b"a", b"", b"b\n"])
    assert storage.read(KEY) == b"ab\n"
    with storage.open(KEY) as file:
        assert file.read() == b"ab\n"


def test_an_empty_object_can_be_written(storage: Storage) -> None:
    assert storage.create(KEY, [])
    assert storage.read(KEY) == b""


def test_creating_never_replaces_an_object(storage: Storage) -> None:
    assert storage.create(KEY, [b"first"])
    assert not storage.create(KEY, [b"second"])
    assert storage.read(KEY) == b"first"


def test_content_that_cannot_be_read_to_its_end_is_not_written(storage: Storage) -> None:
    with pytest.raises(OSError, match="Input/output"):
        storage.create(KEY, broken_content())
    assert [*storage.versions()] == []


def test_progress_adds_up_to_the_size(storage: Storage) -> None:
    done: list[int] = []
    storage.create(KEY, [b"a" * (1 << 20)] * 9, done.append)
    assert sum(done) == 9 << 20


def test_replacing_changes_one_object(storage: Storage) -> None:
    storage.create(KEY, [b"before"])
    storage.create(f"{KEY}.gz", [b"other"])
    storage.replace(listed(storage), [b"after"])
    assert storage.read(KEY) == b"after"
    assert storage.read(f"{KEY}.gz") == b"other"
    assert [version.key for version in storage.versions()] == [KEY, f"{KEY}.gz"]


def test_an_object_that_was_written_to_meanwhile_is_not_replaced(storage: Storage) -> None:
    storage.create(KEY, [b"before"])
    found = listed(storage)
    storage.replace(listed(storage), [b"theirs"])
    with pytest.raises(Changed, match=r"a\.json: another process wrote to it or deleted it"):
        storage.replace(found, [b"ours"])
    assert storage.read(KEY) == b"theirs"


def test_an_object_that_is_written_to_while_its_content_is_read_is_not_replaced(
    storage: Storage,
) -> None:
    storage.create(KEY, [b"before"])

    def content() -> Iterator[bytes]:
        yield b"ours"
        storage.replace(listed(storage), [b"theirs"])

    with pytest.raises(Changed):
        storage.replace(listed(storage), content())
    assert storage.read(KEY) == b"theirs"


def test_an_object_that_was_deleted_meanwhile_does_not_come_back(storage: Storage) -> None:
    storage.create(KEY, [b"before"])
    found = listed(storage)
    storage.delete(KEY)
    with pytest.raises(Changed):
        storage.replace(found, [b"ours"])
    assert [*storage.versions()] == []


def test_a_replacement_that_cannot_be_read_to_its_end_changes_nothing(storage: Storage) -> None:
    storage.create(KEY, [b"before"])
    with pytest.raises(OSError, match="Input/output"):
        storage.replace(listed(storage), broken_content())
    assert storage.read(KEY) == b"before"
    assert len([*storage.versions()]) == 1


def test_deleting_takes_one_object_and_none_is_fine(storage: Storage) -> None:
    storage.create(KEY, [b"a"])
    storage.create(f"{KEY}.gz", [b"b"])
    for _ in range(2):
        storage.delete(KEY)
    assert keys(storage) == [f"{KEY}.gz"]


def test_everything_below_a_prefix_can_be_deleted(storage: Storage) -> None:
    for key in ("a/1", "a/2", "ab"):
        storage.create(key, [b""])
    assert storage.delete_all("a/") == 2
    assert keys(storage) == ["ab"]


@pytest.mark.parametrize(
    ("content", "is_same"), [(b"content", True), (b"CONTENT", False), (b"longer content", False)]
)
def test_content_is_compared_by_size_and_hash(
    storage: Storage, content: bytes, is_same: bool
) -> None:
    storage.create(KEY, [b"content"])
    digest = hashlib.sha256(content).hexdigest()
    assert storage.has_content(KEY, len(content), digest) is is_same
