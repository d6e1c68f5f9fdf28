"""What the bucket holds of people, in every version of every object."""

from __future__ import annotations

import gzip
import re
import tempfile
from collections.abc import Iterator, Mapping

import duckdb

from stedi.search.customer_ids import Searched, search
from stedi.storage.bucket import Bucket
from support.erased_life import pattern_of

BEYOND_STAGING = re.compile(r"(\w+/(trusted|curated)|audit|results)/")
LEDGER = "audit/releases/"  # keeps what was used, with the ids of who has withdrawn since
RESTRICTED = "restricted/"


def beyond_staging(bucket: Bucket, values: Mapping[str, str]) -> Searched:
    """Looks for values in all objects beyond staging but the ledger's."""
    return search(
        (
            (key, content)
            for key, content in _contents(bucket)
            if BEYOND_STAGING.match(key) and not key.startswith(LEDGER)
        ),
        values,
    )


def everywhere(bucket: Bucket, texts: Mapping[str, str]) -> dict[str, set[str]]:
    """Which of the texts are found at all but in what is restricted, and in which objects. They are
    found in any case and with escapes, and what is packed is read here by other means than ours."""
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
    if content[:4] != b"PAR1":
        return content
    with tempfile.NamedTemporaryFile() as file:
        file.write(content)
        file.flush()
        rows = duckdb.execute(f"from read_parquet('{file.name}')").fetchall()
    return content + str(rows).encode()
