"""Whatever is stored is searched for what it says, however it is packed."""

from __future__ import annotations

import gzip
import io
import json
import zlib
from collections.abc import Iterable
from pathlib import Path

import duckdb
import pytest

from stedi.search.identifiers import Identifiers
from stedi.search.search import Searched, Stored, files_below, search, search_tables

EMAIL, PHONE = "anna.long-name@example.com", "+44 20 7946 0000"
WANTED = Identifiers.of(email=[EMAIL], phone=[PHONE])


def found_in(stored: Iterable[Stored]) -> Searched:
    found = Searched()
    search(stored, WANTED, found)
    return found


def kinds(folder: Path) -> set[str]:
    return {kind for _, kind in found_in(files_below(folder)).findings}


def avro(codec: bytes, *blocks: bytes) -> bytes:
    """A container as the Avro specification has it; the blocks' own form does not matter here."""

    def long(value: int) -> bytes:
        value, out = value << 1, b""
        while value > 0x7F:
            out, value = out + bytes([value & 0x7F | 0x80]), value >> 7
        return out + bytes([value])

    def text(value: bytes) -> bytes:
        return long(len(value)) + value

    header = long(2) + text(b"avro.codec") + text(codec) + text(b"avro.schema") + text(b"{}")
    mark = bytes(range(16))
    body = b"".join(long(1) + text(block) + mark for block in blocks)
    return b"Obj\x01" + header + long(0) + mark + body


def deflated(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


TEXT = f'{{"email":"{EMAIL}"}}\n'.encode()
PADDING = b"some other text, again and again. " * 200
PACKED = {
    "plain": TEXT,
    "gzip": gzip.compress(PADDING + TEXT),
    "gzip twice": gzip.compress(gzip.compress(PADDING + TEXT)),
    "escaped": TEXT.replace(b"anna", b"\\u0041nn\\u0061"),
    "latin-1": "Zoë ".encode("latin-1") + TEXT,
    "avro, deflated": avro(b"deflate", deflated(PADDING), deflated(PADDING + TEXT)),
    "avro": avro(b"null", PADDING, TEXT),
    "binary": bytes(range(256)) * 9 + b"\0" + EMAIL.encode() + b"\0" + bytes(range(256)),
}


@pytest.mark.parametrize("way", PACKED)
def test_an_email_is_found_however_it_is_packed(way: str, tmp_path: Path) -> None:
    (tmp_path / "object").write_bytes(PACKED[way])
    assert kinds(tmp_path) == {"email"}
    (tmp_path / "object").write_bytes(gzip.compress(PADDING) if "gzip" in way else PADDING)
    assert kinds(tmp_path) == set()


@pytest.mark.parametrize("text", [EMAIL, PHONE, EMAIL + "\n", f"x{PADDING.decode()}{EMAIL}"])
def test_what_begins_and_ends_with_it_is_found(text: str, tmp_path: Path) -> None:
    (tmp_path / "object").write_text(text)
    assert kinds(tmp_path) == {"phone" if PHONE in text else "email"}


@pytest.mark.parametrize("codec", ["zstd", "snappy", "gzip"])
def test_columns_of_parquet_are_searched(codec: str, tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    duckdb.execute(
        f"copy (select i, case i when 70000 then $1 else 'x' || i end as remark, [$2] as others "
        f"from range(100000) as r (i)) to '{path}' (format parquet, compression {codec})",
        [f"ask {PHONE}, or", EMAIL.upper()],
    )
    assert kinds(tmp_path) == {"email", "phone"}


def test_a_zstd_file_is_searched(tmp_path: Path) -> None:
    duckdb.execute(
        f"copy (select $1 as line from range(1000)) to '{tmp_path / 'a'}' "
        "(format csv, compression zstd)",
        [EMAIL],
    )
    assert kinds(tmp_path) == {"email"}


def test_every_table_of_a_database_is_searched() -> None:
    with duckdb.connect() as connection:
        connection.execute("create schema other")
        connection.execute("create table other.packed as select ? as noted from range(9)", [EMAIL])
        connection.execute("create table clean as select 1 as n, 'nobody' as noted")
        found = Searched()
        search_tables(connection, WANTED, found)
    assert found.findings == {("other.packed", "email")}
    assert found.objects == 2


@pytest.mark.parametrize("at", [*range(2**20 - 40, 2**20 + 3), 2**21 - 9])
def test_where_the_search_cuts_nothing_is_missed_or_made_up(at: int, tmp_path: Path) -> None:
    path = tmp_path / "object"
    path.write_bytes(b"." * (at - 1) + b" " + EMAIL.encode() + b" " * 99)
    assert kinds(tmp_path) == {"email"}
    # part of another's, cut where that would look like hers
    path.write_bytes(b"." * (at - 3) + b"jo-" + EMAIL.encode() + b".au" + b" " * 99)
    assert kinds(tmp_path) == set()


def test_what_cannot_be_unpacked_is_a_finding(tmp_path: Path) -> None:
    for name, data in {
        "cut.gz": gzip.compress(PADDING + TEXT)[:-9],
        "unknown.avro": avro(b"bzip2", b"BZh9"),
        "cut.parquet": b"PAR1 and nothing else",
    }.items():
        (tmp_path / name).write_bytes(data)
    found = found_in(files_below(tmp_path)).findings
    assert {Path(name).name for name, _ in found} == {"cut.gz", "unknown.avro", "cut.parquet"}


def test_a_landed_line_that_looks_packed_is_what_it_is(tmp_path: Path) -> None:
    folder = tmp_path / "customer" / "landing" / "ingest_date=2024-01-01"
    folder.mkdir(parents=True)
    (folder / "a.json").write_bytes(b"PAR1, a line that a person wrote\n")
    assert kinds(tmp_path) == set()
    (folder / "a.json").write_bytes(b"PAR1, " + TEXT)
    assert kinds(tmp_path) == {"email"}


def test_a_name_that_shows_somebody_is_found_and_not_shown(tmp_path: Path) -> None:
    (tmp_path / f"{EMAIL.title()}.json").write_text("{}")
    ((name, kind),) = found_in(files_below(tmp_path)).findings
    assert kind == "email in its name"
    assert name.endswith("/[email].json") and "anna" not in name.lower()


def test_bytes_are_counted() -> None:
    data = json.dumps("nobody").encode()
    with io.BytesIO(data) as stream:
        found = found_in([Stored("one", lambda: stream)])
    assert (found.objects, found.bytes) == (1, len(data))
