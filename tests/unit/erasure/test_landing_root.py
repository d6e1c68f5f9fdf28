"""Landed files are written anew without some lines, and every other line and byte stays."""

from __future__ import annotations

import gzip
import io
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from stedi.erasure.landing_root import WHOLE_FOLDER, LandingRoot
from stedi.landing.files import is_plain, read_lines
from stedi.landing.raw_lines import (
    Kind,
    Text,
    blocks_of,
    judged,
    packed,
    pieces_of,
    without,
)
from stedi.storage.folder import FolderStorage

PIECES = st.lists(st.sampled_from((b"a", b"x", b"\r", b"\n", b"\r\n", b"\xef\xbb\xbf", b"\xff")))


def read(content: bytes, tmp: Path) -> list[str]:
    """The lines that the build has."""
    path = tmp / "file.json"
    path.write_bytes(content)
    return [*read_lines(path)]


def in_blocks(content: bytes, size: int) -> list[bytes]:
    return [content[at : at + size] for at in range(0, len(content), size)]


def removed(content: bytes, is_out: Callable[[bytes], bool], size: int = 1 << 20) -> bytes:
    """What is left of a file that is read in blocks of a size."""
    text = Text(in_blocks(content, size))
    return b"".join(text.written(without(judged(pieces_of(text), is_out))))


@settings(deadline=None)  # the machine may be busy
@given(pieces=PIECES, size=st.integers(1, 7))
def test_the_lines_are_those_of_the_build(
    pieces: list[bytes], size: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    content = b"".join(pieces)
    found = [*pieces_of(in_blocks(content, size))]
    assert b"".join(piece.data for piece in found) == content
    lines = [piece.data for piece in found if piece.kind is Kind.LINE]
    theirs = read(content, tmp_path_factory.getbasetemp())
    assert len(lines) == len([line for line in theirs if line.strip("\ufeff")])


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
    rest = removed(content, lambda line: b"x" in line)
    assert read(rest, folder) == kept
    if b"x" not in content:
        assert rest == content


HERS = b'{"user": "ann", "at": {"x": 1}}'
HIS, ITS = b'{"user": "ben", "text": "}{\\""}', b'{"user": "cat"}'
BROKEN = b'{\n  "user": "ann",\n  "x": what\n}\n'
LAYOUTS = {
    "a line each": (HIS + b"\n" + HERS + b"\n" + ITS, HIS + b"\n" + ITS),
    "a line each, with commas": (HERS + b",\n" + HIS + b",\r\n", HIS + b",\r\n"),
    "concatenated": (HIS + HERS + ITS, HIS + ITS),
    "concatenated, the last": (HIS + ITS + HERS + b"\n", HIS + ITS + b"\n"),
    "with blanks between": (HIS + b" " + HERS + b"\n", HIS + b"\n"),
    "with commas between": (HIS + b", " + HERS + b",\n" + ITS, HIS + b",\n" + ITS),
    "an array": (b"[" + HERS + b", " + HIS + b"]", b"[" + HIS + b"]"),
    "an array, its middle": (
        b"[" + HIS + b", " + HERS + b", " + ITS + b"]", b"[" + HIS + b", " + ITS + b"]",
    ),
    "an array, its end": (b"[" + HIS + b"," + HERS + b"]\n", b"[" + HIS + b"]\n"),
    "an array of one": (b"[" + HERS + b"]\n" + HIS, b"[]\n" + HIS),
    "an array over lines": (
        b"[\n" + HERS + b",\n" + HIS + b",\n" + HERS + b"\n]\n", b"[\n" + HIS + b"\n]\n",
    ),
    "arrays in an array": (b"[[" + HERS + b"],[" + HIS + b"]]", b"[[],[" + HIS + b"]]"),
    "an array, its end with a brace": (
        b"[\n" + HIS.replace(b"}{", b"") + b",\n" + HERS + b"\n]\n",
        b"[\n" + HIS.replace(b"}{", b"") + b"\n]\n",
    ),
    "an array that is cut": (b"[" + HERS + b"," + HIS + b',{"us', b"[" + HIS + b',{"us'),
    "written over lines": (
        b'[\n  {\n    "user": "ann"\n  },\n  {\n    "user": "ben"\n  }\n]\n',
        b'[\n  {\n    "user": "ben"\n  }\n]\n',
    ),
    "written over lines, without an array": (b'{\n"user": "ann"\n}\n' + HIS, HIS),
    "written over lines, and broken": (BROKEN + HIS, HIS),
    "begun and never ended": (b'{"user": "ann", "x":\n' + HIS + b"\n" + ITS, HIS + b"\n" + ITS),
    "no JSON behind a record": (HERS + b" and more\n" + HIS, HIS),
    "no JSON behind another's record": (HIS + b" and more\n" + HERS, HIS + b" and more\n"),
    "in a message": (
        b'{"n": 2, "events": [' + HERS + b", " + HIS + b', {"no": "}"}]}\n' + ITS,
        b'{"n": 2, "events": [null, ' + HIS + b', {"no": "}"}]}\n' + ITS,
    ),
    "in a message by itself": (b'{"event": ' + HERS + b"}\n" + ITS, ITS),
    "in messages, by number": (
        b'{"1": {"is": ' + HIS + b'}, "2": ' + HERS + b"}" + b'{"3": ' + ITS + b"}",
        b'{"1": {"is": ' + HIS + b'}, "2": null}' + b'{"3": ' + ITS + b"}",
    ),
    "a BOM": (b"\xef\xbb\xbf" + HERS + b"\n" + HIS, b"\xef\xbb\xbf" + HIS),
    "an old Mac": (HIS + b"\r" + HERS + b"\r" + ITS, HIS + b"\r" + ITS),
}  # fmt: skip


@pytest.mark.parametrize("size", [1, 7, 1 << 20])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_record_goes_and_every_other_byte_stays(layout: str, size: int) -> None:
    content, rest = LAYOUTS[layout]
    assert removed(content, lambda record: b"ann" in record, size) == rest
    assert removed(content, lambda record: False, size) == content


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_quick_look_changes_nothing(layout: str) -> None:
    content, rest = LAYOUTS[layout]
    pieces = pieces_of([content], lambda lines: b"ann" in lines)
    assert b"".join(without(judged(pieces, lambda record: b"ann" in record))) == rest


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("layout", [name for name in LAYOUTS if name != "a BOM"])
def test_records_in_other_encodings_go_too(layout: str, encoding: str) -> None:
    content, rest = (each.decode().encode(encoding) for each in LAYOUTS[layout])
    assert removed(content, lambda record: b"ann" in record) == rest


@given(st.binary().map(lambda data: b"\xff\xfe" + data + b"\0" * len(data)))
def test_what_looks_like_utf_16_is_written_again_as_it_was(content: bytes) -> None:
    assert removed(content, lambda record: False, 5) == content


def test_a_mark_of_utf_16_hides_no_lines_of_utf_8() -> None:
    content = b"\xff\xfe\n" + HERS + b"\n" + HIS
    assert removed(content, lambda record: b"ann" in record) == b"\xff\xfe\n" + HIS


HOSTILE = {
    "a line of blanks": b" ",
    "objects that never end": b'{"a":\n',
    "brackets": b"{",
    "arrays": b"[",
    "quotes": b'{"',
    "blank lines": b"\n",
    "objects in a line": b'{"a":{}}',
    "an object that is large": b'"a",',
    "carriage returns": b"\r",
    "what is no JSON behind records": b'{"a":1}x{',
}


@pytest.mark.parametrize("what", HOSTILE)
def test_work_grows_with_the_bytes_and_not_with_their_square(what: str) -> None:
    before = b'{"a":[' if what.startswith("an object") else b""

    def work(size: int) -> float:
        content = before + HOSTILE[what] * (size // len(HOSTILE[what]))
        begin = time.process_time()
        assert removed(content, lambda record: False) == content
        return time.process_time() - begin

    small = max(min(work(1 << 16) for _ in range(2)), 0.02)
    assert work(1 << 19) < 8 * 4 * small  # its square would take 64 times as long


def test_a_packed_file_stays_packed_and_readable_by_all() -> None:
    before = gzip.compress(b"a\nx\n") + gzip.compress(b"b\n")  # two members
    blocks = blocks_of(io.BytesIO(before), "a.json.gz")
    rest = without(judged(pieces_of(blocks), lambda line: line == b"x\n"))
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
