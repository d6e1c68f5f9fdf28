"""What stored bytes say: unpacked, however they are packed, and columns as their values.

Packed by gzip, zstd, or within Avro and Parquet files. What is not known to be packed is searched
as it stands; what is packed and cannot be unpacked is an error, never passed over.
"""

from __future__ import annotations

import gzip
import tempfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import BinaryIO

import duckdb

import stedi.search.avro as avro_files
from stedi.errors import StediError

BLOCK = 1 << 20
_GZIP, _ZSTD, _AVRO, _PARQUET = b"\x1f\x8b", b"\x28\xb5\x2f\xfd", avro_files.MAGIC, b"PAR1"
# Columns of these types hold no text.
_NO_TEXT = (
    "BOOLEAN", "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT",
    "UINTEGER", "UBIGINT", "UHUGEINT", "FLOAT", "DOUBLE", "DATE", "TIME", "TIMESTAMP", "INTERVAL",
)  # fmt: skip


class Undecodable(StediError):
    """Bytes that cannot be unpacked. Its text says of what kind they are."""


def decoded(stream: BinaryIO) -> Iterator[bytes]:
    """What a stored object says, in blocks; the columns of Parquet come as their values, each in a
    line. `stream` is a file of this machine's, at its start. Raises Undecodable."""
    magic = stream.read(4)
    stream.seek(0)
    try:
        if magic.startswith(_GZIP):
            yield from decoded_within(_blocks(gzip.GzipFile(fileobj=stream)))
        elif magic == _ZSTD:
            yield from _zstd(stream)
        elif magic == _AVRO:
            yield from avro_files.blocks(stream.read())
        elif magic == _PARQUET:
            with duckdb.connect() as connection:
                yield from texts_of(connection, f"read_parquet('{_path(stream)}')")
        yield from _from_start(stream)
    except (OSError, EOFError, ValueError, IndexError, zlib.error, duckdb.Error) as error:
        raise Undecodable(f"begins as {magic!r} and cannot be read to its end") from error


def decoded_within(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """The same of what was packed twice."""
    with _unnamed(blocks) as inner:
        yield from decoded(inner)


def texts_of(connection: duckdb.DuckDBPyConnection, relation: str) -> Iterator[bytes]:
    """The different values of each column of a relation that holds text, each in a line."""
    for name, kind, *_ in connection.execute(f"describe select * from {relation}").fetchall():
        if kind.partition("(")[0].partition(" ")[0] in _NO_TEXT:
            continue
        column = '"' + name.replace('"', '""') + '"'
        value = f"decode({column})" if kind == "BLOB" else f"cast({column} as varchar)"
        cursor = connection.cursor().execute(
            f"select distinct coalesce(try({value}), cast({column} as varchar)) from {relation}"
        )
        while rows := cursor.fetchmany(50_000):
            yield "\n".join(value or "" for (value,) in rows).encode() + b"\n"


def pairs_in(stream: BinaryIO, by: str, wanted: str, values: Iterable[str]) -> set[str]:
    """What a Parquet file has in one column beside some values of another; nothing where it lacks
    one of them, or is no Parquet."""
    with duckdb.connect() as connection, suppress(duckdb.Error):
        found = connection.execute(
            f"select distinct {wanted} from read_parquet('{_path(stream)}') where {by} in "
            "(select unnest(?::varchar[]))",
            [list(values)],
        ).fetchall()
        return {value for (value,) in found if value}
    return set()


def _zstd(stream: BinaryIO) -> Iterator[bytes]:
    """Python has no zstd before 3.14; DuckDB reads it as lines."""
    cursor = duckdb.connect().execute(
        f"select line from read_csv('{_path(stream)}', columns = {{'line': 'varchar'}}, "
        "delim = '\x01', quote = '', escape = '', comment = '', header = false, "
        "auto_detect = false, strict_mode = false, compression = 'zstd')"
    )
    while rows := cursor.fetchmany(50_000):
        yield "\n".join(line or "" for (line,) in rows).encode() + b"\n"


def _path(stream: BinaryIO) -> str:
    """A path of an open file, which need not have a name any more."""
    return f"/dev/fd/{stream.fileno()}"


def _from_start(stream: BinaryIO) -> Iterator[bytes]:
    stream.seek(0)
    yield from _blocks(stream)


def _blocks(stream: BinaryIO | gzip.GzipFile) -> Iterator[bytes]:
    while block := stream.read(BLOCK):
        yield block


@contextmanager
def _unnamed(blocks: Iterable[bytes]) -> Iterator[BinaryIO]:
    """A file that is gone when the process is, with these bytes."""
    with tempfile.TemporaryFile() as file:
        file.writelines(blocks)
        file.flush()
        file.seek(0)
        yield file
