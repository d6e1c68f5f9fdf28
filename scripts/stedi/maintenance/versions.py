"""Delete for good what a versioned bucket keeps of deleted and replaced files.

By itself the bucket keeps it for `noncurrent_days` (infrastructure/config.toml). Until then whoever
was removed from the tables is still in their old files.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import groupby

from stedi.layout import RESULTS
from stedi.storage.bucket import Bucket, Version


def outdated(versions: Iterable[Version], before: datetime) -> Iterator[Version]:
    """Of versions as Bucket.versions gives them, those that may go.

    A version that is not the current one may go where another took its place before that moment,
    and a marker that an object was deleted once nothing is left that it hides, after which it
    comes: without it the object would be there again.
    """
    for _, of_one in groupby(versions, key=lambda version: version.key):
        newest, *others = of_one
        replaced = [newest.since, *(version.since for version in others)]
        old = [v for v, since in zip(others, replaced) if since <= before]
        yield from old
        if newest.is_marker and len(old) == len(others) and newest.since <= before:
            yield newest


def old_results(versions: Iterable[Version], before: datetime) -> Iterator[Version]:
    """Of versions of query results, those that are current and older than a moment."""
    return (v for v in versions if v.is_latest and not v.is_marker and v.since <= before)


def purge(bucket: Bucket, versions: Iterable[Version]) -> tuple[int, int]:
    """Deletes versions; how many, and how many bytes. Raises NotDeleted and ClientError."""
    found = list(versions)
    return bucket.delete_markers_last(found), sum(version.size for version in found)


def find(bucket: Bucket, zones: Iterable[str], before: datetime, results: bool) -> list[Version]:
    """What may go below the prefixes; results: query results that are current, too."""
    found = [v for zone in zones for v in outdated(bucket.versions(f"{zone}/"), before)]
    if results:
        found += old_results(bucket.versions(f"{RESULTS}/"), before)
    return found
