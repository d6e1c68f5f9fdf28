"""What files hold: a search for values in bytes, whatever the bytes are packed in.

A value is looked for in the bytes as they are and in what they come to when they are read: gzip
unpacked, the blocks of Avro unpacked, every column of Parquet as text, escapes of JSON undone.

Iceberg keeps the least and the greatest value of each column of a file in Avro, of a text its first
16 characters, of the greatest with the last one raised. So in Avro the first 15 are looked for.
"""

from __future__ import annotations

import re
import tempfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import duckdb

from stedi.errors import StediError
from stedi.search.avro import MAGIC as AVRO
from stedi.search.avro import blocks, records

BOUND = 15  # characters of a text that both its bounds in Iceberg begin with
ID = 64  # characters of a customer_id, in hex
_GZIP, _PARQUET = b"\x1f\x8b", b"PAR1"
_HEX = re.compile(rb"[0-9a-f]{%d,}" % ID)
_STARTS = re.compile(rb"[0-9a-f]{%d}." % BOUND, re.DOTALL)
_ESCAPE = re.compile(rb"\\u([0-9a-fA-F]{4})")


class Unreadable(StediError):
    """A file that cannot be searched. Its text names it and says why."""


@dataclass
class Searched:
    """What a search came to. hits: the names of files with what was found there; size: all bytes
    that were searched, unpacked ones included."""

    hits: dict[str, set[str]] = field(default_factory=dict)
    files: int = 0
    size: int = 0


def search(files: Iterable[tuple[str, bytes]], values: Mapping[str, str]) -> Searched:
    """Looks into files, given as names and contents, for values, given by what they are.

    Raises Unreadable.
    """
    searched = Searched()
    for name, content in files:
        searched.files += 1
        for form in forms(name, content):
            searched.size += len(form)
            if found := found_in(form, values, content.startswith(AVRO)):
                searched.hits.setdefault(name, set()).update(found)
    return searched


def found_in(content: bytes, values: Mapping[str, str], bounds: bool = False) -> set[str]:
    """Which of the values stand in bytes, in whatever case; bounds: or their beginnings."""
    length = BOUND if bounds else None
    return {what for what, value in values.items() if _pattern(value[:length]).search(content)}


def ids_in(content: bytes, ids: Set[str]) -> set[str]:
    """Which of many customer_ids stand in bytes, even one behind the other."""
    return {
        text
        for run in _HEX.findall(content)
        for at in range(len(run) - ID + 1)
        if (text := run[at : at + ID].decode()) in ids
    }


def all_ids(name: str, content: bytes) -> tuple[set[str], set[str]]:
    """Every customer_id of a file, and the first BOUND characters of those of which Iceberg keeps
    no more. Raises Unreadable and UnknownAvro."""
    if content.startswith(AVRO):
        bounds = (value for record in records(content) for value in _bytes_in(record))
        return set(), {bound[:BOUND].decode() for bound in bounds if _STARTS.fullmatch(bound)}
    unpacked = list(forms(name, content))
    if content.startswith(_PARQUET):  # whose packed bytes could look like anything
        del unpacked[0]
    return {run.decode() for form in unpacked for run in _HEX.findall(form)}, set()


def _bytes_in(value: Any) -> Iterator[bytes]:
    if isinstance(value, bytes):
        yield value
    elif isinstance(value, dict):
        yield from _bytes_in(list(value.values()))
    elif isinstance(value, (list, tuple)):
        for each in value:
            yield from _bytes_in(each)


@lru_cache
def _pattern(value: str) -> re.Pattern[bytes]:
    if not value:
        raise ValueError("an empty value is in every file")
    return re.compile(re.escape(value.encode()), re.IGNORECASE)


def forms(name: str, content: bytes) -> Iterator[bytes]:
    """Bytes as they are, and as they read when unpacked. Raises Unreadable."""
    yield content
    try:
        if content.startswith(_GZIP):
            yield from forms(name, zlib.decompress(content, zlib.MAX_WBITS | 16))
        elif content.startswith(AVRO):
            yield from blocks(content)
        elif content.startswith(_PARQUET):
            yield from columns(content)
    except (ValueError, zlib.error, duckdb.Error) as error:
        raise Unreadable(f"{name}: cannot be searched: {error}") from error
    if b"\\u" in content:
        yield _ESCAPE.sub(lambda found: chr(int(found[1], 16)).encode("utf-8", "replace"), content)


def columns(content: bytes, only: str | None = None) -> Iterator[bytes]:
    """Each column of a Parquet file as text, a value a line, or only the one of that name."""
    with tempfile.NamedTemporaryFile(suffix=".parquet") as file, duckdb.connect() as connection:
        file.write(content)
        file.flush()
        rows = connection.read_parquet(file.name)
        for name in rows.columns:
            if only is None or name == only:
                quoted = name.replace('"', '""')
                values = rows.project(f'cast("{quoted}" as varchar)').fetchall()
                yield "\n".join(value for (value,) in values if value is not None).encode()
