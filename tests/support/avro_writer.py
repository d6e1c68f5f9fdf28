"""Writes Avro by the specification's rules, knowing nothing of how it is read."""

from __future__ import annotations

import json
import zlib

SYNC = bytes(range(16))


def avro(schema: object, block: bytes, count: int, codec: str = "deflate") -> bytes:
    """A container file of one block, written by the specification's rules."""
    packed = zlib.compress(block)[2:-4] if codec == "deflate" else block
    header = {"avro.schema": json.dumps(schema), "avro.codec": codec}
    content = b"Obj\x01" + number(len(header))
    for name, value in header.items():
        content += text(name) + text(value)
    return content + number(0) + SYNC + number(count) + number(len(packed)) + packed + SYNC


def number(value: int) -> bytes:
    value = (value << 1) ^ (value >> 63)
    parts = []
    while value > 0x7F:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*parts, value])


def text(value: str | bytes) -> bytes:
    encoded = value.encode() if isinstance(value, str) else value
    return number(len(encoded)) + encoded
