"""After a rotation every old customer_id is found, in whatever it is packed."""

from __future__ import annotations

import gzip
from pathlib import Path

import duckdb
import pytest

from stedi.search.customer_ids import OtherIds, TheseIds
from stedi.search.search import Searched, Wanted, files_below, search
from support.avro_files import avro, bounds

ID, OTHER = "0123456789abcdef" * 4, "f" * 64


def is_found(content: bytes, wanted: Wanted, folder: Path) -> bool:
    (folder / "object").write_bytes(content)
    found = Searched()
    search(files_below(folder), wanted, found)
    assert found.objects == 1
    assert found.bytes > 0
    return {kind for _, kind in found.findings} == {"customer_id"}


def parquet(folder: Path, value: str) -> bytes:
    """A packed file in which no long text stands as it is."""
    path = folder / "object"
    duckdb.execute(
        f"copy (select 'x' || range as a, '{value}' as b, null as c from range(999)) "
        f"to '{path}' (format parquet, compression zstd)"
    )
    return path.read_bytes()


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        '"{}","' + OTHER + '"',
        "a{}" + OTHER + "0",
        '{{"id": "{}"}}',
        "." * (2**20 - 30) + "{}",
    ],
)
def test_one_of_some_ids_is_found_even_right_behind_another(text: str, tmp_path: Path) -> None:
    assert is_found(text.format(ID).encode(), TheseIds([ID]), tmp_path)
    assert not is_found(text.format(ID[:-1] + "0").encode(), TheseIds([ID]), tmp_path)


@pytest.mark.parametrize(
    "text", ["{}", '"{}"\n"' + OTHER + '"', "." * (2**20 - 30) + "{}.", '{{"id": "{}"}}']
)
def test_an_id_that_is_not_among_some_is_found(text: str, tmp_path: Path) -> None:
    assert is_found(text.format(ID).encode(), OtherIds([OTHER]), tmp_path)
    assert not is_found(text.format(ID).encode(), OtherIds([OTHER, ID]), tmp_path)


def test_packed_ids_are_found(tmp_path: Path) -> None:
    for content in (
        gzip.compress(ID.encode()),
        ID.replace("a", r"\u0061").encode(),
        parquet(tmp_path, ID),
        gzip.compress(parquet(tmp_path, ID)),
        bounds(ID),
        bounds(ID, codec="null"),
        bounds(ID[:16]),
        bounds(ID[:15] + "g"),
        bounds("9" * 15 + ":", ID[:16]),
    ):
        assert is_found(content, TheseIds([ID]), tmp_path)
        assert is_found(content, OtherIds([OTHER, "9" * 64]), tmp_path)
        assert not is_found(content, TheseIds([OTHER]), tmp_path)
        assert not is_found(content, OtherIds([ID, "9" * 64]), tmp_path)


def test_what_is_too_short_for_an_id_is_none(tmp_path: Path) -> None:
    for content in (ID[:-1].encode(), bounds("ann@example.com!"), bounds(ID[:15])):
        assert not is_found(content, OtherIds([OTHER]), tmp_path)


def test_bytes_of_a_packed_file_are_no_ids(tmp_path: Path) -> None:
    """They may continue an id that stands in them as it is."""
    fields = [{"name": "text", "type": "string"}]
    schema = {"type": "record", "name": f"of_{ID}ab", "fields": fields}
    assert not is_found(avro(schema, [{"text": "a"}]), OtherIds([OTHER]), tmp_path)
