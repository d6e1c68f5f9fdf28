"""What files hold is found, whatever it is packed in."""

from __future__ import annotations

import gzip
from pathlib import Path

import duckdb
import pytest

from stedi.search.avro import UnknownAvro, records
from stedi.search.customer_ids import Unreadable, all_ids, found_in, ids_in, search
from support.avro_writer import avro, number, text

WHO = {"email": "person1.of.many@example.com"}
EMAIL = WHO["email"]
ID, OTHER = "0123456789abcdef" * 4, "f" * 64
BOUND = {"type": "record", "name": "r", "fields": [{"name": "least", "type": ["null", "bytes"]}]}


@pytest.fixture
def parquet(tmp_path: Path) -> bytes:
    """A packed file in whose bytes no long text stands as it is."""
    path = tmp_path / "a.parquet"
    with duckdb.connect() as connection:
        connection.execute(
            f"copy (select '{EMAIL}' || case when range = 7 then '' else range::varchar end as a, "
            f"'{ID}' as b, null as c from range(999)) "
            f"to '{path}' (format parquet, compression zstd)"
        )
    return path.read_bytes()


def test_it_is_found_in_every_form(parquet: bytes) -> None:
    line = f'{{"user": "{EMAIL}"}}'.encode()
    files = {
        "plain": line,
        "in capitals": line.upper(),
        "gzip": gzip.compress(line),
        "gzip twice": gzip.compress(gzip.compress(line)),
        "escaped": line.replace(b"@", rb"\u0040").replace(b"p", rb"\u0070"),
        "parquet": parquet,
        "parquet in gzip": gzip.compress(parquet),
        "avro": avro(BOUND, number(1) + text(EMAIL), 1),
        "avro, not packed": avro(BOUND, number(1) + text(EMAIL), 1, "null"),
        "avro, the least value": avro(BOUND, number(1) + text(EMAIL[:16]), 1),
        "avro, the greatest value": avro(BOUND, number(1) + text(EMAIL[:15] + "n"), 1),
    }
    searched = search(files.items(), WHO)
    assert searched.hits == dict.fromkeys(files, {"email"})
    assert searched.files == len(files) and searched.size > sum(map(len, files.values()))


def test_what_is_not_there_is_not_found(parquet: bytes) -> None:
    others = {"email": "person2.of.many@example.com"}
    files = {
        "plain": EMAIL.encode(),
        "the beginning, but no bound": EMAIL[:16].encode(),
        "parquet": parquet,
        "avro": avro(BOUND, number(1) + text(EMAIL), 1),
    }
    assert search(files.items(), others).hits == {}
    assert search([("the beginning", EMAIL[:16].encode())], WHO).hits == {}


@pytest.mark.parametrize(
    "content",
    [b"\x1f\x8bno gzip", b"PAR1 no parquet", b"Obj\x01\x02", avro(BOUND, b"", 0, "snappy")],
)
def test_a_file_that_cannot_be_searched_is_named(content: bytes) -> None:
    with pytest.raises(Unreadable, match="^the file: cannot be searched"):
        search([("the file", content)], WHO)


def test_an_empty_value_is_refused() -> None:
    with pytest.raises(ValueError, match="in every file"):
        found_in(b"a", {"phone": ""})


def test_ids_are_found_even_one_behind_the_other() -> None:
    assert ids_in(f"a{ID}{OTHER}0".encode(), {ID, OTHER}) == {ID, OTHER}
    assert ids_in(f"{ID[:-1]} {OTHER}".encode(), {ID}) == set()


def test_every_id_of_a_file_is_told(parquet: bytes) -> None:
    assert all_ids("csv", f'"{ID}","{OTHER}"'.encode()) == ({ID, OTHER}, set())
    assert all_ids("parquet", parquet) == ({ID}, set())
    least = avro(BOUND, number(1) + text(ID[:16]) + number(1) + text("9" * 15 + ":") + number(0), 3)
    assert all_ids("avro", least) == (set(), {ID[:15], "9" * 15})
    assert all_ids("avro", avro(BOUND, number(1) + text(EMAIL[:16]), 1)) == (set(), set())


def test_every_type_of_avro_is_read() -> None:
    schema = {
        "type": "record",
        "name": "all",
        "fields": [
            {"name": "a", "type": "int"},
            {"name": "b", "type": {"type": "array", "items": "string"}},
            {"name": "c", "type": {"type": "map", "values": "long"}},
            {"name": "d", "type": {"type": "fixed", "name": "two", "size": 2}},
            {"name": "e", "type": "two"},
            {"name": "f", "type": {"type": "enum", "name": "kind", "symbols": ["x", "y"]}},
            {"name": "g", "type": "double"},
            {"name": "h", "type": "boolean"},
            {"name": "i", "type": ["null", {"type": "record", "name": "inner", "fields": []}]},
        ],
    }
    groups = number(-1) + number(3) + text("s1") + number(1) + text("s2") + number(0)
    row = number(-300) + groups + number(1) + text("k") + number(1 << 40) + number(0)
    row += b"ab" + b"cd" + number(1) + b"\0\0\0\0\0\0\xf8\x3f" + b"\x01" + number(1)
    (found,) = records(avro(schema, row, 1))
    assert found == {
        "a": -300, "b": ["s1", "s2"], "c": {"k": 1 << 40}, "d": b"ab", "e": b"cd",
        "f": "y", "g": 1.5, "h": True, "i": {},
    }  # fmt: skip


def test_what_is_no_avro_is_said() -> None:
    for content, reason in ((b"PAR1", "no Avro file"), (b"Obj\x01\x08", "ends before its time")):
        with pytest.raises(UnknownAvro, match=reason):
            list(records(content))
