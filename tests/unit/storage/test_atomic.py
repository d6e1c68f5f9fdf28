"""A file is written whole or not at all, and nothing is left beside it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from stedi.storage.atomic import UNFINISHED, create, move, replace


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "file"


def test_a_new_file_is_created_once(path: Path) -> None:
    assert create(path, [b"first"])
    assert not create(path, [b"second"])
    assert path.read_bytes() == b"first"
    assert [*path.parent.iterdir()] == [path]


def test_a_file_is_replaced_or_written_anew(path: Path) -> None:
    for content in (b"first", b"second"):
        replace(path, [content])
        assert path.read_bytes() == content
    assert [*path.parent.iterdir()] == [path]


def test_a_file_is_not_there_while_it_is_written(path: Path) -> None:
    def content() -> Iterator[bytes]:
        yield b"half"
        (unfinished,) = path.parent.iterdir()
        assert unfinished.name.startswith(UNFINISHED)

    assert create(path, content())


def test_a_failed_check_leaves_the_old_file(path: Path) -> None:
    def fail() -> None:
        raise RuntimeError("somebody wrote to it")

    path.write_bytes(b"before")
    with pytest.raises(RuntimeError):
        replace(path, [b"after"], fail)
    assert path.read_bytes() == b"before"
    assert [*path.parent.iterdir()] == [path]


@pytest.mark.parametrize("write", [create, replace])
def test_a_disk_that_is_full_leaves_nothing(
    write: object, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("stedi.storage.atomic.os.fsync", fails)
    with pytest.raises(OSError, match="No space"):
        write(path, [b"content"])
    assert [*path.parent.iterdir()] == []


def test_a_complete_file_takes_the_place_of_another(path: Path) -> None:
    path.write_bytes(b"before")
    new = path.with_name("new")
    new.write_bytes(b"after")
    move(new, path)
    assert path.read_bytes() == b"after"
    assert [*path.parent.iterdir()] == [path]
