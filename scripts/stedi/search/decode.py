"""Decodes what is stored, block by block, so that a search can read it however it is packed.

Read are gzip, bzip2, xz, zstd, zip, Avro and Parquet, one in another too. Everything else is text,
in UTF-16 or as it stands. What is packed and cannot be unpacked is an error, never passed over.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import tempfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from enum import Enum, auto
from itertools import chain
from typing import IO, Any, BinaryIO, NamedTuple, cast

import duckdb
import fastavro

from stedi.errors import StediError
from stedi.landing.raw_lines import Text, encoding_of

BLOCK = 1 << 20  # bytes that are read at once
_ROWS = 50_000  # that are fetched at once
_MOST_LAYERS = 8  # that are packed in each other
_GZIP, _ZSTD, _AVRO, _PARQUET = b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"Obj\x01", b"PAR1"
_ZIP, _XZ = b"PK\x03\x04", b"\xfd7zXZ\0"
_BZIP2 = tuple(b"BZh%d1AY&SY" % size for size in range(1, 10))
_NAMES = {
    _GZIP: "gzip", _ZSTD: "zstd", _AVRO: "Avro", _PARQUET: "Parquet", _ZIP: "zip", _XZ: "xz",
} | dict.fromkeys(_BZIP2, "bzip2")  # fmt: skip
_UNKNOWN = {b"7z\xbc\xaf\x27\x1c": "7z", b"Rar!\x1a\x07": "RAR", b"\x04\x22\x4d\x18": "LZ4"}
_START = 10  # bytes that tell all of these
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
    """What a stored object says, and where it is packed or in UTF-16 its own bytes too.

    stream: a file on this machine, at its start. Raises Undecodable.
    """
    magic = _magic(stream.read(_START))
    stream.seek(0)
    if not magic:
        yield from _text(_blocks(stream))
        return
    yield from _unpacked(stream, magic, 1)
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
        # a serial number is searched for where it is called one
        label = "serial_number: " if "serial" in name.lower() else ""
        while rows := cursor.fetchmany(_ROWS):
            yield _lines({f"{label}{text}" for (text,) in rows if text is not None})


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


def _magic(start: bytes) -> bytes:
    """That by which packed bytes begin; nothing for others. Raises Undecodable."""
    for magic, name in _UNKNOWN.items():
        if start.startswith(magic):
            raise Undecodable(f"it begins as {name}, which cannot be unpacked here")
    return next((magic for magic in _NAMES if start.startswith(magic)), b"")


def _unpacked(stream: BinaryIO, magic: bytes, layer: int) -> Iterator[Decoded]:
    """What a packed file says. layer: how many files it is in, itself among them."""
    if layer > _MOST_LAYERS:
        raise Undecodable(f"it is packed more than {_MOST_LAYERS} times")
    try:
        if magic == _AVRO:
            yield from _avro(stream)
        elif magic == _PARQUET:
            with duckdb.connect() as connection:
                yield from _as(Form.TEXT, texts_of(connection, f"read_parquet('{_path(stream)}')"))
        elif magic == _ZSTD:
            yield from _within(_zstd(stream), layer)
        elif magic == _ZIP:
            with zipfile.ZipFile(stream) as archive:
                for member in archive.infolist():
                    yield Decoded(Form.TEXT, f"{member.filename}\n".encode("utf-8", "replace"))
                    with archive.open(member) as inner:
                        yield from _within(_blocks(inner), layer)
        else:
            with _opened(stream, magic) as unpacked:
                yield from _within(_blocks(unpacked), layer)
    except Undecodable:
        raise
    except (
        OSError, EOFError, ValueError, RuntimeError, zlib.error, lzma.LZMAError,
        zipfile.BadZipFile, duckdb.Error,
    ) as error:  # fmt: skip
        raise Undecodable(f"it begins as {_NAMES[magic]} and cannot be read to its end") from error


def _within(blocks: Iterator[bytes], layer: int) -> Iterator[Decoded]:
    """Blocks of an unpacked file, which may be a packed one itself."""
    first = next(blocks, b"")
    if magic := _magic(first[:_START]):
        with _unnamed_file(chain([first], blocks)) as inner:
            yield from _unpacked(inner, magic, layer + 1)
            inner.seek(0)
            yield from _as(Form.PACKED, _blocks(inner))
    else:
        yield from _text(chain([first], blocks))


def _text(blocks: Iterator[bytes]) -> Iterator[Decoded]:
    """Blocks of a text, from UTF-16 if it is that; then as they stand, too."""
    first = next(blocks, b"")
    if encoding_of(first) is None:
        yield from _as(Form.TEXT, chain([first], blocks))
        return
    stored: list[bytes] = []

    def noted() -> Iterator[bytes]:
        for block in chain([first], blocks):
            stored.append(block)
            yield block

    for text in Text(noted()):
        yield Decoded(Form.TEXT, text)
        while stored:
            yield Decoded(Form.PACKED, stored.pop(0))


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


def _opened(stream: BinaryIO, magic: bytes) -> IO[bytes]:
    """A packed stream, unpacked."""
    if magic == _GZIP:
        return cast(IO[bytes], gzip.open(stream))
    return cast(IO[bytes], lzma.open(stream) if magic == _XZ else bz2.open(stream))


def _blocks(stream: IO[bytes]) -> Iterator[bytes]:
    while block := stream.read(BLOCK):
        yield block


@contextmanager
def _unnamed_file(blocks: Iterable[bytes]) -> Iterator[BinaryIO]:
    """A file with these bytes, which is gone when the process is."""
    with tempfile.TemporaryFile() as file:
        file.writelines(blocks)
        file.seek(0)
        yield file
