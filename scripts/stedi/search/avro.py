"""Reads Avro's container files, in which Iceberg keeps what files a table has.

Only as much of the format as that takes: https://avro.apache.org/docs/1.12.0/specification/
"""

from __future__ import annotations

import io
import json
import struct
import zlib
from collections.abc import Iterator
from typing import Any

from stedi.errors import StediError

MAGIC = b"Obj\x01"
_SYNC = 16  # bytes that end a block


class UnknownAvro(StediError):
    """A file that is not Avro as known here."""


def blocks(content: bytes) -> Iterator[bytes]:
    """The blocks of a file, unpacked. Raises UnknownAvro."""
    stream = io.BytesIO(content)
    header = _header(stream)
    codec = header.get("avro.codec", b"null").decode()
    while stream.tell() < len(content):
        _long(stream)  # how many records
        packed = _bytes(stream)
        _exactly(stream, _SYNC)
        yield _unpacked(packed, codec)


def records(content: bytes) -> Iterator[dict[str, Any]]:
    """The records of a file. Raises UnknownAvro."""
    schema = json.loads(_header(io.BytesIO(content))["avro.schema"])
    names: dict[str, Any] = {}
    _name(schema, names)
    for block in blocks(content):
        stream = io.BytesIO(block)
        while stream.tell() < len(block):
            yield _value(stream, schema, names)


def _header(stream: io.BytesIO) -> dict[str, bytes]:
    if stream.read(len(MAGIC)) != MAGIC:
        raise UnknownAvro("no Avro file")
    header = _map(stream, lambda: _bytes(stream))
    _exactly(stream, _SYNC)
    return header


def _unpacked(block: bytes, codec: str) -> bytes:
    if codec == "null":
        return block
    if codec == "deflate":
        return zlib.decompress(block, -zlib.MAX_WBITS)
    raise UnknownAvro(f"Avro is packed by {codec}, which is not known here, only deflate")


def _name(schema: Any, names: dict[str, Any]) -> None:
    """Notes the types that have a name, by which others refer to them."""
    if isinstance(schema, list):
        for part in schema:
            _name(part, names)
    elif isinstance(schema, dict):
        if "name" in schema:
            names[schema["name"]] = schema
        for part in ("items", "values", "type"):
            _name(schema.get(part), names)
        for part in schema.get("fields", ()):
            _name(part["type"], names)


def _value(stream: io.BytesIO, schema: Any, names: dict[str, Any]) -> Any:
    if isinstance(schema, list):
        return _value(stream, schema[_long(stream)], names)
    kind = schema["type"] if isinstance(schema, dict) else schema
    if kind in names and kind not in ("record", "fixed", "enum"):
        return _value(stream, names[kind], names)
    match kind:
        case "null":
            return None
        case "boolean":
            return _exactly(stream, 1) == b"\x01"
        case "int" | "long":
            return _long(stream)
        case "float":
            return struct.unpack("<f", _exactly(stream, 4))[0]
        case "double":
            return struct.unpack("<d", _exactly(stream, 8))[0]
        case "bytes":
            return _bytes(stream)
        case "string":
            return _bytes(stream).decode()
        case "fixed":
            return _exactly(stream, schema["size"])
        case "enum":
            return schema["symbols"][_long(stream)]
        case "record":
            return {f["name"]: _value(stream, f["type"], names) for f in schema["fields"]}
        case "array":
            return list(_items(stream, lambda: _value(stream, schema["items"], names)))
        case "map":
            return _map(stream, lambda: _value(stream, schema["values"], names))
    if isinstance(kind, (dict, list)):  # a type within a type
        return _value(stream, kind, names)
    raise UnknownAvro(f"a type that is not known here: {kind}")


def _map(stream: io.BytesIO, value: Any) -> dict[str, Any]:
    return dict(_items(stream, lambda: (_bytes(stream).decode(), value())))


def _items(stream: io.BytesIO, item: Any) -> Iterator[Any]:
    """Items come in groups, each after how many it has; less than 0: and after its bytes."""
    while count := _long(stream):
        if count < 0:
            _long(stream)
        for _ in range(abs(count)):
            yield item()


def _long(stream: io.BytesIO) -> int:
    """Seven bits a byte, the lowest first; even numbers are those from 0 on."""
    value = shift = 0
    while True:
        (byte,) = _exactly(stream, 1)
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return (value >> 1) ^ -(value & 1)
        shift += 7


def _bytes(stream: io.BytesIO) -> bytes:
    return _exactly(stream, _long(stream))


def _exactly(stream: io.BytesIO, size: int) -> bytes:
    found = stream.read(size) if size >= 0 else b""
    if len(found) != size:
        raise UnknownAvro("an Avro file ends before its time")
    return found
