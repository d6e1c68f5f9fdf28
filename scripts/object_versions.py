"""Delete for good what a versioned bucket keeps of deleted and replaced files.

By itself the bucket keeps it for `noncurrent_days` (infrastructure/config.toml). Until then whoever
was removed from the tables is still in their old files.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta, timezone
from itertools import groupby
from pathlib import Path

import click

from aws_names import BUILT, LANDING, RESULTS, load_config
from provision import Clients, clear_errors, config_option
from storage import Bucket, Version


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


@click.command(help=__doc__)
@click.option("--days", default=0.0, show_default=True, help="Keep what went in the last DAYS.")
@click.option("--landing", is_flag=True, help="Of landed files, too: after an erasure.")
@click.option("--results", is_flag=True, help="Results of queries that are not deleted yet, too.")
@click.option("--dry-run", is_flag=True, help="Say what would go, and delete nothing.")
@config_option
def main(days: float, landing: bool, results: bool, dry_run: bool, config: Path) -> None:
    with clear_errors():
        settings = load_config(config)
        bucket = Bucket(Clients(settings.region).s3, settings.bucket)
        before = datetime.now(timezone.utc) - timedelta(days=days)
        zones = (*BUILT, RESULTS, *(LANDING if landing else ()))
        found = find(bucket, zones, before, results)
        if dry_run:
            size = sum(version.size for version in found)
            click.echo(f"{len(found):,} versions would be deleted, {size:,} bytes")
            return
        count, size = purge(bucket, found)
        click.echo(f"{count:,} versions deleted, {size:,} bytes")


if __name__ == "__main__":
    main()
