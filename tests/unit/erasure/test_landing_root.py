"""Landed files are written anew without some lines, and every other line and byte stays."""

from __future__ import annotations

import gzip
import io
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from stedi.erasure.landing_root import WHOLE_FOLDER, LandingRoot
from stedi.landing.files import is_plain, read_lines
from stedi.landing.raw_lines import blocks_of, lines_of, packed, without
from stedi.storage.folder import FolderStorage

PIECES = st.lists(st.sampled_from((b"a", b"x", b"\r", b"\n", b"\r\n", b"\xef\xbb\xbf", b"\xff")))


def read(content: bytes, tmp: Path) -> list[str]:
    """The lines that the build has."""
    path = tmp / "file.json"
    path.write_bytes(content)
    return [*read_lines(path)]


@settings(deadline=None)  # the machine may be busy
@given(pieces=PIECES, size=st.integers(1, 7))
def test_the_lines_are_those_of_the_build(
    pieces: list[bytes], size: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    content = b"".join(pieces)
    blocks = [content[at : at + size] for at in range(0, len(content), size)]
    found = [*lines_of(blocks)]
    assert b"".join(found) == content
    ends = [line.rstrip(b"\r\n") for line in found]
    (folder,) = [tmp_path_factory.getbasetemp()]
    theirs = read(content, folder)
    if ends and ends[0] == b"\xef\xbb\xbf" and found[0] == ends[0]:
        ends = ends[1:]  # a BOM alone is no line
    assert len(ends) == len(theirs)


@settings(deadline=None)
@given(pieces=PIECES)
@example(pieces=[b"a", b"\r", b"x", b"\n", b"\n"])
@example(pieces=[b"\xef\xbb\xbf", b"x", b"\n", b"a"])
@example(pieces=[b"x", b"\r", b"\xef\xbb\xbf"])
@example(pieces=[b"\xef\xbb\xbf", b"x", b"\n", b"\xef\xbb\xbf", b"a"])
def test_every_other_line_stays(
    pieces: list[bytes], tmp_path_factory: pytest.TempPathFactory
) -> None:
    content = b"".join(pieces)
    folder = tmp_path_factory.getbasetemp()
    kept = [line for line in read(content, folder) if "x" not in line]
    rest = b"".join(without(lines_of([content]), lambda line: b"x" in line))
    assert read(rest, folder) == kept
    if b"x" not in content:
        assert rest == content


def test_a_long_line_takes_no_time_that_grows_with_its_square() -> None:
    blocks = [b"a" * (1 << 20)] * 64
    assert [len(line) for line in lines_of([*blocks, b"\n", b"b"])] == [(64 << 20) + 1, 1]


def test_a_packed_file_stays_packed_and_readable_by_all() -> None:
    before = gzip.compress(b"a\nx\n") + gzip.compress(b"b\n")  # two members
    blocks = blocks_of(io.BytesIO(before), "a.json.gz")
    rest = without(lines_of(blocks), lambda line: line == b"x\n")
    assert gzip.decompress(b"".join(packed(rest, "a.json.gz"))) == b"a\nb\n"


def landing_root(folder: Path) -> LandingRoot:
    return LandingRoot(FolderStorage(folder), WHOLE_FOLDER)


def landed(root: Path, name: str, content: bytes) -> Path:
    path = root / "customer" / "landing" / "ingest_date=2024-01-01" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def test_a_file_without_such_lines_is_not_touched(tmp_path: Path) -> None:
    path = landed(tmp_path, "a.json", b"a\n")
    before = path.stat()
    root = landing_root(tmp_path)
    (file,) = root.files("customer")
    assert root.rewrite(file, lambda line: False) == 0
    assert path.stat().st_mtime_ns == before.st_mtime_ns
    assert path.stat().st_ino == before.st_ino


def test_a_file_that_loses_all_its_lines_stays_empty(tmp_path: Path) -> None:
    path = landed(tmp_path, "a.json.gz", gzip.compress(b"x\n"))
    path.chmod(0o640)
    root = landing_root(tmp_path)
    (file,) = root.files("customer")
    assert root.rewrite(file, lambda line: True) == 1
    assert gzip.decompress(path.read_bytes()) == b""
    assert is_plain(path)
    assert path.stat().st_mode & 0o777 == 0o640
    assert [entry.name for entry in path.parent.iterdir()] == ["a.json.gz"]


def test_a_write_that_fails_leaves_the_file_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = landed(tmp_path, "a.json", b"a\nx\n")
    root = landing_root(tmp_path)
    (file,) = root.files("customer")

    def fails(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("stedi.storage.atomic.os.fsync", fails)
    with pytest.raises(OSError, match="No space"):
        root.rewrite(file, lambda line: line == b"x\n")
    assert path.read_bytes() == b"a\nx\n"
    assert [entry.name for entry in path.parent.iterdir()] == ["a.json"]
