"""Which files an Iceberg table is made of, by its metadata: https://iceberg.apache.org/spec/"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable

from stedi.search.avro import records

_DELETED = 2  # status of a file that a snapshot no longer has

Read = Callable[[str], bytes]  # the content of a file by its address


def current_files(read: Read, metadata: str, since_ms: int) -> set[str]:
    """Addresses of all files of a table.

    read: gives a file's content. metadata: address of the table's metadata, as the catalog has it.
    since_ms: snapshots from that moment on count, besides the current one.
    """
    content = read(metadata)
    if content.startswith(b"\x1f\x8b"):
        content = zlib.decompress(content, zlib.MAX_WBITS | 16)
    table = json.loads(content)
    files = {metadata}
    files |= {entry["metadata-file"] for entry in table.get("metadata-log", ())}
    for kind in ("statistics", "partition-statistics"):
        files |= {entry["statistics-path"] for entry in table.get(kind, ())}
    for snapshot in table.get("snapshots", ()):
        is_current = snapshot["snapshot-id"] == table.get("current-snapshot-id")
        if is_current or snapshot["timestamp-ms"] >= since_ms:
            files |= _of_snapshot(read, snapshot["manifest-list"], files)
    return files


def _of_snapshot(read: Read, manifest_list: str, known: set[str]) -> set[str]:
    """Snapshots share manifests: those that are known are not read again."""
    files = {manifest_list}
    for manifest in records(read(manifest_list)):
        path = manifest["manifest_path"]
        if path not in known:
            files.add(path)
            files |= {
                entry["data_file"]["file_path"]
                for entry in records(read(path))
                if entry["status"] != _DELETED
            }
    return files
