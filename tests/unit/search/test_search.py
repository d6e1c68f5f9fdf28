"""A search finds what stored bytes say, however they are packed."""

from __future__ import annotations

import gzip
import io
import json
import tracemalloc
from collections.abc import Iterable
from pathlib import Path

import duckdb
import pytest

from stedi.search.identifiers import Identifiers
from stedi.search.search import Searched, Stored, files_below, search, search_tables
from support.avro_files import avro, bounds

EMAIL, PHONE = "anna.long-name@example.com", "+44 20 7946 0000"
ID = "0123456789abcdef" * 4
WANTED = Identifiers.of(email=[EMAIL], phone=[PHONE], customer_id=[ID])


def found_in(stored: Iterable[Stored]) -> Searched:
    found = Searched()
    search(stored, WANTED, found)
    return found


def kinds(folder: Path) -> set[str]:
    found = found_in(files_below(folder))
    return {kind for _, kind in found.findings | found.likely | found.by_chance}


TEXT = f'{{"email":"{EMAIL}"}}\n'.encode()
PADDING = b"some other text, again and again. " * 200
TEXTS = {
    "type": "record",
    "name": "r",
    "fields": [
        {"name": "text", "type": "string"},
        {"name": "more", "type": {"type": "map", "values": "string"}},
    ],
}


def avro_of(text: str, codec: str = "deflate") -> bytes:
    rows = [{"text": PADDING.decode(), "more": {}}] * 99
    return avro(TEXTS, [*rows, {"text": text, "more": {}}], codec)


PACKED = {
    "plain": TEXT,
    "gzip": gzip.compress(PADDING + TEXT),
    "gzip twice": gzip.compress(gzip.compress(PADDING + TEXT)),
    "escaped": TEXT.replace(b"anna", b"\\u0041nn\\u0061"),
    "latin-1": "Zoë ".encode("latin-1") + TEXT,
    "avro, deflated": avro_of(f"to {EMAIL}"),
    "avro, a map's name": avro(TEXTS, [{"text": "", "more": {EMAIL: "him"}}]),
    "avro, not packed": avro_of(f"to {EMAIL}", "null"),
    "avro, nothing but it": avro_of(EMAIL),
    "avro in gzip": gzip.compress(avro_of(EMAIL)),
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
    assert kinds(tmp_path) == {"email"}


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
        "cut.avro": avro_of(EMAIL)[:-30],
        "header.avro": b"Obj\x01\x02",
        "cut.parquet": b"PAR1 and nothing else",
        "cut.zst": b"\x28\xb5\x2f\xfd and nothing else",
        "cut in it.gz": gzip.compress(avro_of(EMAIL)[:-30]),
        "unknown.avro": avro_of(EMAIL).replace(b"deflate", b"shrinks"),
    }.items():
        (tmp_path / name).write_bytes(data)
    found = dict(found_in(files_below(tmp_path)).findings)
    assert {Path(name).name: kind for name, kind in found.items()} == {
        "cut.gz": "it begins as gzip and cannot be read to its end",
        "cut.avro": "it begins as Avro and cannot be read to its end",
        "header.avro": "it begins as Avro and cannot be read to its end",
        "cut.parquet": "it begins as Parquet and cannot be read to its end",
        "cut.zst": "it begins as zstd and cannot be read to its end",
        "cut in it.gz": "it begins as Avro and cannot be read to its end",
        "unknown.avro": "it begins as Avro and cannot be read to its end",
    }


@pytest.mark.parametrize("codec", ["snappy", "zstandard", "bzip2", "xz"])
def test_avro_is_searched_or_the_missing_codec_is_named(codec: str, tmp_path: Path) -> None:
    try:
        content = avro_of(EMAIL, codec)
    except ValueError:  # not installed: the file then only claims to be packed by it
        name = bytes([2 * len(codec)]) + codec.encode()
        content = avro_of(EMAIL, "null").replace(b"\x08null", name)
        kind = f"it is Avro, packed by a codec that is not installed ({codec} codec is supported"
    else:
        kind = "email"
    (tmp_path / "a.avro").write_bytes(content)
    ((_, found),) = found_in(files_below(tmp_path)).findings
    assert found.startswith(kind)


@pytest.mark.parametrize(
    ("bound", "kinds_found"),
    [
        (ID[:16], {"customer_id"}),  # the least value of a column
        (ID[:15] + "g", {"customer_id"}),  # the greatest, whose last character is raised
        (ID[:14] + "g", set()),
        (EMAIL[:16], set()),  # other people's emails may begin with it too
    ],
)
def test_an_id_is_found_in_what_iceberg_keeps_of_it(
    bound: str, kinds_found: set[str], tmp_path: Path
) -> None:
    (tmp_path / "m.avro").write_bytes(bounds("0", bound))
    assert kinds(tmp_path) == kinds_found


def test_a_large_file_is_never_in_memory_as_a_whole(tmp_path: Path) -> None:
    size = 32 << 20
    with gzip.open(tmp_path / "large.gz", "wb", compresslevel=1) as file:
        for _ in range(size >> 20):
            file.write(b"nobody " * ((1 << 20) // 7))
        file.write(TEXT)
    tracemalloc.start()
    assert kinds(tmp_path) == {"email"}
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < size // 4


def test_a_landed_line_that_looks_packed_is_what_it_is(tmp_path: Path) -> None:
    folder = tmp_path / "customer" / "landing" / "ingest_date=2024-01-01"
    folder.mkdir(parents=True)
    (folder / "a.json").write_bytes(b"PAR1, a line that a person wrote\n")
    assert kinds(tmp_path) == set()
    (folder / "a.json").write_bytes(b"PAR1, " + TEXT)
    assert kinds(tmp_path) == {"email"}
    (folder / "a.json").unlink()
    (folder / "a.json.gz").write_bytes(gzip.compress(b"PAR1, a line that a person wrote\n"))
    assert kinds(tmp_path) == set()
    (folder / "a.json.gz").write_bytes(gzip.compress(b"PAR1, " + TEXT))
    assert kinds(tmp_path) == {"email"}


def test_a_name_that_shows_somebody_is_found_and_not_shown(tmp_path: Path) -> None:
    (tmp_path / f"{EMAIL.title()}.json").write_text("{}")
    ((name, kind),) = found_in(files_below(tmp_path)).findings
    assert kind == "email in its name"
    assert name.endswith("/[email].json")
    assert "anna" not in name.lower()


def test_a_folder_above_what_is_searched_is_no_finding(tmp_path: Path) -> None:
    (tmp_path / EMAIL).mkdir()
    (tmp_path / EMAIL / "a.json").write_text("{}")
    assert kinds(tmp_path / EMAIL) == set()
    assert kinds(tmp_path) == {"email in its name"}


def test_linked_folders_are_searched_once(tmp_path: Path) -> None:
    (tmp_path / "searched").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "a").write_bytes(TEXT)
    (tmp_path / "elsewhere" / "back").symlink_to(tmp_path / "searched")
    for name in ("one", "two"):
        (tmp_path / "searched" / name).symlink_to(tmp_path / "elsewhere")
    found = found_in(files_below(tmp_path / "searched"))
    assert (found.objects, len(found.findings)) == (1, 1)


def test_a_packed_file_in_too_many_others_is_a_finding(tmp_path: Path) -> None:
    data = PADDING
    for _ in range(9):
        data = gzip.compress(data)
    (tmp_path / "object").write_bytes(data)
    assert kinds(tmp_path) == {"it is packed more than 8 times"}


def test_bytes_are_counted() -> None:
    data = json.dumps("nobody").encode()
    with io.BytesIO(data) as stream:
        found = found_in([Stored("one", lambda: stream, "one")])
    assert (found.objects, found.bytes) == (1, len(data))
