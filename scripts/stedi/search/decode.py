"""Decodes what is stored, block by block, so that a search can read it however it is packed.

Read are gzip, zstd, Avro and Parquet, one in another too. Everything else is text as it stands.
What is packed and cannot be unpacked is an error, never passed over.
"""

from __future__ import annotations

import gzip
import tempfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from enum import Enum, auto
from itertools import chain
from typing import Any, BinaryIO, NamedTuple

import duckdb
import fastavro

from stedi.errors import StediError

BLOCK = 1 << 20  # bytes that are read at once
_ROWS = 50_000  # that are fetched at once
_GZIP, _ZSTD, _AVRO, _PARQUET = b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"Obj\x01", b"PAR1"
# Columns of these types hold no text.
_NO_TEXT = (
    "BOOLEAN", "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT",
    "UINTEGER", "UBIGINT", "UHUGEINT", "FLOAT", "DOUBLE", "DATE", "TIME", "TIMESTAMP", "INTERVAL",
)  # fmt: skip


class Undecodable(StediError):
    """Stored bytes that cannot be unpacked. The message says why, and shows none of them."""


class Form(Enum):
    """What a decoded block is: text; bytes of a packed file as they are stored; or one bound of a
    column, as Iceberg's manifests keep them."""

    TEXT = auto()
    PACKED = auto()
    BOUND = auto()


class Decoded(NamedTuple):
    """A block of what a stored object says. Values of columns stand in a line each."""

    form: Form
    data: bytes


def decoded(stream: BinaryIO) -> Iterator[Decoded]:
    """What a stored object says, and where it is packed its own bytes too.

    stream: a file on this machine, at its start. Raises Undecodable.
    """
    magic = stream.read(4)
    stream.seek(0)
    if not _is_packed(magic):
        yield from _as(Form.TEXT, _blocks(stream))
        return
    try:
        yield from _unpacked(stream, magic)
    except (OSError, EOFError, ValueError, zlib.error, duckdb.Error) as error:
        raise Undecodable(f"it begins as {_name(magic)} and cannot be read to its end") from error
    stream.seek(0)
    yield from _as(Form.PACKED, _blocks(stream))


def records(stream: BinaryIO) -> Iterator[Any]:
    """The records of an Avro file, block by block. Raises Undecodable."""
    try:
        yield from fastavro.reader(stream)
    except Exception as error:  # a broken file makes fastavro raise nearly anything
        why = "it begins as Avro and cannot be read to its end"
        if "you need to install" in str(error):
            why = f"it is Avro, packed by a codec that is not installed ({error})"
        raise Undecodable(why) from error


def texts_of(connection: duckdb.DuckDBPyConnection, relation: str) -> Iterator[bytes]:
    """The values of each column of a relation that holds text, each in a line; values that repeat
    within some 50,000 rows come once."""
    for name, kind, *_ in connection.execute(f"describe select * from {relation}").fetchall():
        if kind.partition("(")[0].partition(" ")[0] in _NO_TEXT:
            continue
        column = '"' + name.replace('"', '""') + '"'
        value = f"decode({column})" if kind == "BLOB" else f"cast({column} as varchar)"
        cursor = connection.cursor().execute(
            f"select coalesce(try({value}), cast({column} as varchar)) from {relation}"
        )
        while rows := cursor.fetchmany(_ROWS):
            yield _lines({text for (text,) in rows})


def column_of(
    stream: BinaryIO, column: str, where: str | None = None, values: Iterable[str] = ()
) -> set[str]:
    """The values that a Parquet file has in a column.

    where: only of rows whose column of this name has one of some values.
    Empty where the file lacks a column, or is no Parquet file.
    """
    with duckdb.connect() as connection, suppress(duckdb.Error):
        condition = f"where {where} in (select unnest(?::varchar[]))" if where else ""
        found = connection.execute(
            f"select distinct {column} from read_parquet('{_path(stream)}') {condition}",
            [list(values)] if where else [],
        ).fetchall()
        return {value for (value,) in found if value}
    return set()


def _is_packed(data: bytes) -> bool:
    return data.startswith((_GZIP, _ZSTD, _AVRO, _PARQUET))


def _name(magic: bytes) -> str:
    return {_ZSTD: "zstd", _AVRO: "Avro", _PARQUET: "Parquet"}.get(magic, "gzip")


def _unpacked(stream: BinaryIO, magic: bytes) -> Iterator[Decoded]:
    if magic == _AVRO:
        yield from _avro(stream)
    elif magic == _PARQUET:
        with duckdb.connect() as connection:
            yield from _as(Form.TEXT, texts_of(connection, f"read_parquet('{_path(stream)}')"))
    elif magic == _ZSTD:
        yield from _within(_zstd(stream))
    else:
        with gzip.GzipFile(fileobj=stream) as unpacked:
            yield from _within(_blocks(unpacked))


def _within(blocks: Iterator[bytes]) -> Iterator[Decoded]:
    """Blocks of an unpacked file, which may be a packed one itself."""
    first = next(blocks, b"")
    if _is_packed(first):
        with _unnamed_file(chain([first], blocks)) as inner:
            yield from decoded(inner)
    else:
        yield from _as(Form.TEXT, chain([first], blocks))


def _avro(stream: BinaryIO) -> Iterator[Decoded]:
    """Values rather than blocks: in a block the length of a text stands before it, and looks like a
    letter of it."""
    texts: list[str] = []
    size = 0
    for record in records(stream):
        for value in _values(record):
            if isinstance(value, bytes):
                yield Decoded(Form.BOUND, value)
                value = value.decode("utf-8", "replace")
            texts.append(value)
            size += len(value)
        if size > BLOCK:
            yield Decoded(Form.TEXT, _lines(texts))
            texts, size = [], 0
    yield Decoded(Form.TEXT, _lines(texts))


def _values(value: Any) -> Iterator[str | bytes]:
    """All texts and bytes within a record, names of a map's entries among them."""
    if isinstance(value, (str, bytes)):
        yield value
    elif isinstance(value, dict):
        for name, each in value.items():
            yield name
            yield from _values(each)
    elif isinstance(value, (list, tuple)):
        for each in value:
            yield from _values(each)


def _zstd(stream: BinaryIO) -> Iterator[bytes]:
    """Python has no zstd before 3.14; DuckDB reads it as lines."""
    with duckdb.connect() as connection:
        cursor = connection.execute(
            f"select line from read_csv('{_path(stream)}', columns = {{'line': 'varchar'}}, "
            "delim = '\x01', quote = '', escape = '', comment = '', header = false, "
            "auto_detect = false, strict_mode = false, compression = 'zstd')"
        )
        while rows := cursor.fetchmany(_ROWS):
            yield _lines(text for (text,) in rows)


def _lines(texts: Iterable[str | None]) -> bytes:
    return "".join(f"{text or ''}\n" for text in texts).encode()


def _as(form: Form, blocks: Iterable[bytes]) -> Iterator[Decoded]:
    return (Decoded(form, block) for block in blocks)


def _path(stream: BinaryIO) -> str:
    """A path of an open file, which need not have a name any more."""
    return f"/dev/fd/{stream.fileno()}"


def _blocks(stream: BinaryIO | gzip.GzipFile) -> Iterator[bytes]:
    while block := stream.read(BLOCK):
        yield block


@contextmanager
def _unnamed_file(blocks: Iterable[bytes]) -> Iterator[BinaryIO]:
    """A file with these bytes, which is gone when the process is."""
    with tempfile.TemporaryFile() as file:
        file.writelines(blocks)
        file.seek(0)
        yield file
