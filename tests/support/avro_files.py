"""Avro files for tests, as Iceberg's manifests are."""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import Any

import fastavro

BOUND = {"type": "record", "name": "r", "fields": [{"name": "least", "type": ["null", "bytes"]}]}


def avro(schema: dict[str, Any], rows: Iterable[dict[str, Any]], codec: str = "deflate") -> bytes:
    """An Avro file with these records."""
    file = io.BytesIO()
    fastavro.writer(file, schema, rows, codec=codec)
    return file.getvalue()


def bounds(*values: str, codec: str = "deflate") -> bytes:
    """An Avro file that has these bounds of columns."""
    return avro(BOUND, ({"least": value.encode()} for value in values), codec)
