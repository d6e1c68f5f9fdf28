"""What the bucket holds of people, in every version of every object, read by independent means."""

from __future__ import annotations

import gzip
import io
import re
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import duckdb
import fastavro

from stedi.storage.bucket import Bucket
from support.erased_life import pattern_of

BEYOND_STAGING = re.compile(r"(\w+/(trusted|curated)|audit|results)/")
LEDGER = "audit/releases/"  # keeps what was used, with the ids of who has withdrawn since
RESTRICTED = "restricted/"
BOUND = 15  # characters that both of a text's bounds in Iceberg begin with


@dataclass
class Found:
    """hits: the keys of objects, and which texts are in each. files, size: what was searched."""

    hits: dict[str, set[str]] = field(default_factory=dict)
    files: int = 0
    size: int = 0


def beyond_staging(bucket: Bucket, texts: Mapping[str, str]) -> Found:
    """Looks for texts, by what they are, in all objects beyond staging but the ledger's; in Avro
    for their beginnings too, of which Iceberg keeps no more."""
    found = Found()
    for key, content in _contents(bucket):
        if not BEYOND_STAGING.match(key) or key.startswith(LEDGER):
            continue
        says = _unpacked(content).decode("utf-8", "replace").lower()
        found.files, found.size = found.files + 1, found.size + len(says)
        length = BOUND if content.startswith(b"Obj\x01") else None
        if hits := {what for what, text in texts.items() if text[:length].lower() in says}:
            found.hits.setdefault(key, set()).update(hits)
    return found


def everywhere(bucket: Bucket, texts: Mapping[str, str]) -> dict[str, set[str]]:
    """Which of the texts are found at all but in what is restricted, and in which objects. They are
    found in any case and with escapes."""
    patterns = {what: pattern_of(text) for what, text in texts.items()}
    found: dict[str, set[str]] = {}
    size = 0
    for key, content in _contents(bucket):
        if key.startswith(RESTRICTED):
            continue
        says = _unpacked(content).decode("utf-8", "replace").lower()
        size += len(says)
        for what, pattern in patterns.items():
            if pattern.search(says):
                found.setdefault(what, set()).add(key)
    print(f"{size:,} letters searched, of all versions of all objects")
    return found


def _contents(bucket: Bucket) -> Iterator[tuple[str, bytes]]:
    for version in bucket.versions():
        if not version.is_marker:
            yield version.key, bucket.read(version.key, version.id)


def _unpacked(content: bytes) -> bytes:
    if content[:2] == b"\x1f\x8b":
        return gzip.decompress(content)
    if content[:4] == b"Obj\x01":
        return content + "\n".join(_texts(list(fastavro.reader(io.BytesIO(content))))).encode()
    if content[:4] != b"PAR1":
        return content
    with tempfile.NamedTemporaryFile() as file:
        file.write(content)
        file.flush()
        rows = duckdb.execute(f"from read_parquet('{file.name}')").fetchall()
    return content + str(rows).encode()


def _texts(value: Any) -> Iterator[str]:
    """All texts within a value, and bytes as Latin-1."""
    if isinstance(value, (dict, list)):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _texts(each)
    elif isinstance(value, bytes):
        yield value.decode("latin-1")
    elif isinstance(value, str):
        yield value
