"""Which files an Iceberg table is made of, by its metadata: https://iceberg.apache.org/spec/"""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Callable
from typing import NamedTuple

from stedi.search.decode import records

_DELETED = 2  # status of a file that a snapshot no longer has

Read = Callable[[str], bytes]  # the content of a file by its address


class TableFiles(NamedTuple):
    """Addresses of a table's files: those it has now, and those that only former snapshots have."""

    current: set[str]
    former: set[str]


def files_of(read: Read, metadata: str) -> TableFiles:
    """All files of a table.

    read: returns a file's content. metadata: address of the table's metadata, from the catalog.
    Raises what `read` raises, and Undecodable.
    """
    content = read(metadata)
    if content.startswith(b"\x1f\x8b"):
        content = gzip.decompress(content)
    table = json.loads(content)
    current = {metadata, *(entry["metadata-file"] for entry in table.get("metadata-log", ()))}
    for kind in ("statistics", "partition-statistics"):
        current |= {entry["statistics-path"] for entry in table.get(kind, ())}
    former: set[str] = set()
    manifests: dict[str, set[str]] = {}  # snapshots share them
    for snapshot in table.get("snapshots", ()):
        is_current = snapshot["snapshot-id"] == table.get("current-snapshot-id")
        files = current if is_current else former
        files.add(snapshot["manifest-list"])
        for manifest in records(io.BytesIO(read(snapshot["manifest-list"]))):
            path = manifest["manifest_path"]
            if path not in manifests:
                manifests[path] = {path, *_data_files(read(path))}
            files |= manifests[path]
    return TableFiles(current, former - current)


def _data_files(manifest: bytes) -> set[str]:
    return {
        entry["data_file"]["file_path"]
        for entry in records(io.BytesIO(manifest))
        if entry["status"] != _DELETED
    }
