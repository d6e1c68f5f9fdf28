"""Deletes for good what a versioned bucket keeps of deleted and replaced objects.

The bucket keeps old versions for `noncurrent_days` (infrastructure/config.toml). Until then,
whoever was removed from the tables is still in their old files.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import groupby

from stedi.layout import RESULTS
from stedi.storage.bucket import Bucket
from stedi.storage.storage import Version


def outdated(versions: Iterable[Version], before: datetime) -> Iterator[Version]:
    """The versions that may be deleted, of those that Bucket.versions lists.

    An old version may be deleted if another one replaced it before that moment. A delete marker may
    be deleted if no version is left that it hides; it comes after those, since without its marker a
    deleted object would be current again.
    """
    for _, of_one in groupby(versions, key=lambda version: version.key):
        newest, *others = of_one
        replaced = [newest.since, *(version.since for version in others)]
        old = [v for v, since in zip(others, replaced, strict=False) if since <= before]
        yield from old
        if newest.is_marker and len(old) == len(others) and newest.since <= before:
            yield newest


def old_results(versions: Iterable[Version], before: datetime) -> Iterator[Version]:
    """The query results that are current and older than a moment."""
    return (v for v in versions if v.is_latest and not v.is_marker and v.since <= before)


def purge(bucket: Bucket, versions: Iterable[Version]) -> tuple[int, int]:
    """Deletes versions; returns how many, and how many bytes. Raises NotDeleted, ClientError."""
    found = list(versions)
    return bucket.delete_markers_last(found), sum(version.size for version in found)


def find(bucket: Bucket, zones: Iterable[str], before: datetime, results: bool) -> list[Version]:
    """The versions below zones that may be deleted; results: include current query results."""
    found = [v for zone in zones for v in outdated(bucket.versions(f"{zone}/"), before)]
    if results:
        found += old_results(bucket.versions(f"{RESULTS}/"), before)
    return found
