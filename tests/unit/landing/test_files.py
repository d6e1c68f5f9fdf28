"""What a landed file is: which lines it holds, where it may lie, and when it is refused."""

from __future__ import annotations

import gzip
import os
import random
import zlib
from contextlib import suppress
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stedi.duckdb_target.plugin import plain_lines
from stedi.landing.files import UnreadableFile, check_readable, is_plain, landed_files, read_lines
from stedi.landing.names import ingest_date_of
from support.nasty import BLOCK, BOM, contents, lines_in
from support.users import nobody

ANYWHERE = settings(
    deadline=None, max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
GOOD = b'{"a":1}\n{"b":2}\n'


@pytest.fixture
def day(tmp_path: Path) -> Path:
    """The folder of a day in a landing zone."""
    folder = tmp_path / "customer" / "landing" / "ingest_date=2024-01-31"
    folder.mkdir(parents=True)
    return folder


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def gzip_member(content: bytes, flags: int = 0, header: bytes = b"") -> bytes:
    """A gzip member (RFC 1952) with header fields that Python's own gzip does not write."""
    deflate = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    body = deflate.compress(content) + deflate.flush()
    checks = zlib.crc32(content).to_bytes(4, "little") + len(content).to_bytes(4, "little")
    return b"\x1f\x8b\x08" + bytes([flags]) + b"\0\0\0\0\0\xff" + header + body + checks


def duckdb_lines(path: Path) -> list[str]:
    return [line for line, *_ in duckdb.sql(plain_lines([path])).fetchall()]


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        (b"", []),
        (b"\n", [""]),
        (b"\r", [""]),
        (b"\r\n", [""]),
        (b"\n\r", ["", ""]),
        (b"a\n\n\nb\n", ["a", "", "", "b"]),
        (b"a\r\rb\r\n\r\nc", ["a", "", "b", "", "c"]),
        (b"a\nb", ["a", "b"]),
        (b"a\rb\r", ["a", "b"]),
        (b" \n\t\n", [" ", "\t"]),
        ("a\x0b\x0c\x1c\x85\u2028b\n".encode(), ["a\x0b\x0c\x1c\x85\u2028b"]),
        (BOM + b"a\n", ["a"]),
        (b"a\n" + BOM + b"b\n", ["a", "b"]),
        (b"a" + BOM + b"\n", ["a\ufeff"]),
        (BOM + BOM + b"a", ["a"]),
        (BOM, []),
        (b"a\x00b\x01\x02\x1a\n", ["a\x00b\x01\x02\x1a"]),
        (b"caf\xe9\nok\n", ["\ufffdcaf\xe9", "ok"]),
        (BOM + b"\xff\n", ["\ufffd\xff"]),
        (b"a\n" + BOM + b"\xff\n", ["a", "\ufffd\xef\xbb\xbf\xff"]),
        (b"\xc3\n\xa9", ["\ufffd\xc3", "\ufffd\xa9"]),
        (b"\xed\xa0\x80", ["\ufffd\xed\xa0\x80"]),
    ],
)
def test_lines(day: Path, content: bytes, lines: list[str]) -> None:
    assert list(read_lines(written(day / "a.json", content))) == lines


@ANYWHERE
@given(content=contents)
def test_lines_of_any_bytes(day: Path, content: bytes) -> None:
    assert list(read_lines(written(day / "a.json", content))) == lines_in(content)


@pytest.mark.parametrize("end", [b"\r", b"\n", b"\r\n", b"\r\r", b"\r\n\r\n", BOM, "é".encode()])
@pytest.mark.parametrize("before_border", range(4))
def test_a_block_border_changes_no_line(day: Path, end: bytes, before_border: int) -> None:
    first = b"a" * (BLOCK - before_border)
    for rest in (b"", b"b", b"\nb"):
        path = written(day / "a.json", first + end + rest)
        assert list(read_lines(path)) == lines_in(first + end + rest)


def test_a_line_of_ten_megabytes(day: Path) -> None:
    content = b"a\n" + b"x" * 10_000_000 + b"\r\nb"
    assert list(read_lines(written(day / "a.json", content))) == ["a", "x" * 10_000_000, "b"]


GZIPS = {
    "one member": gzip.compress(GOOD),
    "two members": gzip.compress(GOOD[:3]) + gzip.compress(GOOD[3:]),
    "an empty member": gzip.compress(b"") + gzip.compress(GOOD),
    "zero padding": gzip.compress(GOOD) + b"\0" * 512,
    "a comment": gzip_member(GOOD, 16, b"comment\0"),
    "an extra field": gzip_member(GOOD, 4, b"\x04\0abcd"),
    "a file name": gzip_member(GOOD, 8, b"a.json\0"),
    "a text flag": gzip_member(GOOD, 1),
    "CRLF and CR": gzip.compress(GOOD.replace(b"\n", b"\r\n", 1).replace(b"}\n", b"}\r")),
}


@pytest.mark.parametrize("content", GZIPS.values(), ids=GZIPS)
def test_lines_of_a_gzip(day: Path, content: bytes) -> None:
    assert list(read_lines(written(day / "a.json.gz", content))) == ['{"a":1}', '{"b":2}']


def test_an_empty_file_may_be_named_gzip(day: Path) -> None:
    assert list(read_lines(written(day / "a.json.gz", b""))) == []


def test_gzip_goes_by_the_name(day: Path) -> None:
    content = gzip.compress(GOOD)
    assert list(read_lines(written(day / "a.json", content))) == lines_in(content)


BROKEN = {
    "cut in its data": gzip.compress(GOOD)[:-12],
    "cut in its checksum": gzip.compress(GOOD)[:-3],
    "cut in its header": gzip.compress(GOOD)[:5],
    "cut in its second member": gzip.compress(GOOD) + gzip.compress(GOOD)[:-9],
    "bad checksum": gzip.compress(GOOD)[:-8] + b"\0" * 8,
    "junk behind it": gzip.compress(GOOD) + b"junk",
    "broken data": gzip.compress(GOOD)[:10] + b"\xff" * 20,
    "no gzip": GOOD,
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
def test_a_broken_gzip_is_refused_by_name(day: Path, content: bytes) -> None:
    path = written(day / "a.json.gz", content)
    for read in (check_readable, lambda path: list(read_lines(path))):
        with pytest.raises(UnreadableFile, match=rf"^{path}: cannot be read \(.+\); ask"):
            read(path)
    with suppress(UnreadableFile):
        assert not is_plain(path)


def test_a_file_that_cannot_be_opened_is_refused_by_name(day: Path) -> None:
    dangling, folder = day / "a.json", day / "b.json.gz"
    dangling.symlink_to(day / "nothing")
    folder.mkdir()
    for path in (dangling, folder):
        for read in (check_readable, is_plain, lambda path: list(read_lines(path))):
            with pytest.raises(UnreadableFile, match=rf"^{path}: cannot be read"):
                read(path)


def test_no_permission_is_refused_by_name() -> None:
    with TemporaryDirectory() as root:
        Path(root).chmod(0o755)
        day = Path(root) / "customer" / "landing" / "ingest_date=2024-01-31"
        day.mkdir(parents=True)
        path = written(day / "a.json", GOOD)
        path.chmod(0)
        with nobody(), pytest.raises(UnreadableFile) as unreadable_file:
            check_readable(path)
        day.chmod(0)
        with nobody(), pytest.raises(UnreadableFile) as unreadable_folder:
            landed_files(Path(root), "customer")
        day.chmod(0o700)
    assert str(unreadable_file.value).startswith(f"{path}: cannot be read (Permission denied)")
    assert str(unreadable_folder.value).startswith(f"{day}: cannot be read (Permission denied)")


# is_plain is a promise on DuckDB's reader: true only if that one gives the very lines.


@ANYWHERE
@given(content=contents, packed=st.booleans())
def test_plain_files_are_read_line_for_line_by_duckdb(
    day: Path, content: bytes, packed: bool
) -> None:
    path = written(
        day / ("a.json.gz" if packed else "a.json"),
        gzip.compress(content) if packed else content,
    )
    if is_plain(path):
        assert duckdb_lines(path) == lines_in(content)


@pytest.mark.parametrize("content", GZIPS.values(), ids=GZIPS)
def test_plain_gzips_are_unpacked_by_duckdb(day: Path, content: bytes) -> None:
    path = written(day / "a.json.gz", content)
    if is_plain(path):
        assert duckdb_lines(path) == ['{"a":1}', '{"b":2}']


@pytest.mark.parametrize(
    "content",
    [
        b"",
        GOOD,
        GOOD[:-1],
        b"x\n" + b"a" * (2 * BLOCK - 3) + b"\nb\n",  # the longest line that two blocks allow
        "é😀\u2028\x85\n".encode() * 100_000,
        b"a\n" + b"a" * (BLOCK - 3) + "é".encode() + b"\nb\n",
    ],
    ids=["empty", "JSON", "no last end", "longest line", "Unicode", "letter at a border"],
)
def test_honest_files_are_plain(day: Path, content: bytes) -> None:
    """Or DuckDB would be spared every file, and the promise be an empty one."""
    path = written(day / "a.json", content)
    assert is_plain(path)
    assert duckdb_lines(path) == lines_in(content)


def test_packed_honest_files_are_plain(day: Path) -> None:
    assert is_plain(written(day / "a.json.gz", gzip.compress(GOOD * 100_000)))


def test_a_large_plain_file_is_read_line_for_line_by_duckdb(day: Path) -> None:
    """It reads such a file in several places at once."""
    rng = random.Random(0)
    content = b"".join(b"%d" % n + b"x" * rng.randrange(400) + b"\n" for n in range(300_000))
    path = written(day / "a.json", content)
    assert is_plain(path)
    assert sorted(duckdb_lines(path)) == sorted(lines_in(content))


@pytest.mark.parametrize(
    "content",
    [b"\n", b"a\n\nb", b"a\r", BOM + b"a", b"a\0", b"\x01", b"\x02", b"\xff", b"a\n\xc3",
     b"a" * (2 * BLOCK), b"a" * (BLOCK - 1) + b"\n\nb", b"a" * (BLOCK - 1) + BOM],
)  # fmt: skip
def test_what_duckdb_misreads_is_not_plain(day: Path, content: bytes) -> None:
    assert not is_plain(written(day / "a.json", content))


# Where files lie.


def test_landed_files_are_listed_in_order(tmp_path: Path) -> None:
    names = ["ingest_date=2024-02-29/b.json", "ingest_date=2024-02-29/a.jsonl.gz",
             "ingest_date=2023-12-31/c=d [1].jsonl"]  # fmt: skip
    hidden = ["ingest_date=2024-02-29/.landing-7", "ingest_date=2024-02-29/_SUCCESS",
              ".trash/x.json", "_temporary/0/x.json"]  # fmt: skip
    zone = tmp_path / "step_trainer" / "landing"
    for name in names + hidden:
        (zone / name).parent.mkdir(parents=True, exist_ok=True)
        (zone / name).touch()
    (zone / "ingest_date=2024-03-01").mkdir()
    assert landed_files(tmp_path, "step_trainer") == [
        ("2023-12-31", zone / names[2]),
        ("2024-02-29", zone / names[1]),
        ("2024-02-29", zone / names[0]),
    ]


def test_an_absent_or_empty_zone_has_no_files(tmp_path: Path) -> None:
    assert landed_files(tmp_path, "customer") == []
    (tmp_path / "customer" / "landing").mkdir(parents=True)
    assert landed_files(tmp_path, "customer") == []


def test_a_linked_folder_is_not_passed_over(day: Path, tmp_path: Path) -> None:
    written(day / "a.json", GOOD)
    elsewhere = day.rename(tmp_path / "elsewhere")
    day.symlink_to(elsewhere)
    assert landed_files(tmp_path, "customer") == [("2024-01-31", day / "a.json")]


@pytest.mark.parametrize(
    "misplaced",
    ["a.json", "ingest_date=2024-01-31/deeper/a.json", "ingest_date=2024-01-31/a.json/b.json",
     "ingest_date=2024-01-31/a.csv", "ingest_date=2024-01-31/a.JSON",
     "ingest_date=2024-1-31/a.json",
     "ingest_date=2024-01-31 /a.json", "ingest_date=2024-99-99/a.json",
     "ingest_date=2023-02-29/a.json", "ingest_date=0000-01-01/a.json", "2024-01-31/a.json",
     "ingest_date=\uff12\uff10\uff12\uff14-01-31/a.json",
     "ingest_date=__HIVE_DEFAULT_PARTITION__/a.json"],
)  # fmt: skip
def test_a_misplaced_file_is_refused_by_name(tmp_path: Path, misplaced: str) -> None:
    zone = tmp_path / "customer" / "landing"
    path = zone / misplaced
    path.parent.mkdir(parents=True)
    path.touch()
    with pytest.raises(UnreadableFile, match="not a landed file") as error:
        landed_files(tmp_path, "customer")
    named = Path(str(error.value).split(": not a landed file")[0])
    assert named in (path, *path.parents)
    assert zone in named.parents


def test_a_name_that_is_not_utf8_is_refused_in_printable_text(day: Path) -> None:
    (day / os.fsdecode(b"caf\xe9.json")).touch()
    with pytest.raises(UnreadableFile, match="not a landed file") as error:
        landed_files(day.parents[2], "customer")
    assert r"caf\udce9.json" in str(error.value)
    assert str(error.value).encode()


@given(st.dates())
def test_every_day_has_its_folder(day: date) -> None:
    assert ingest_date_of(f"ingest_date={day}") == str(day)
