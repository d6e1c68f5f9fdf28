"""`stedi purge`: delete old object versions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import click

from stedi.commands.command import Command, DuckDbTarget, Target, target_options
from stedi.errors import UsageError
from stedi.layout import BUILT, LANDING, RESULTS
from stedi.maintenance.versions import find, purge


@click.command(cls=Command)
@click.option(
    "--days", default=0.0, show_default=True, help="Keep what was replaced in the last DAYS."
)
@click.option("--landing", is_flag=True, help="Include landed files, as after an erasure.")
@click.option("--results", is_flag=True, help="Include query results that are still current.")
@click.option("--dry-run", is_flag=True, help="Report what would go; delete nothing.")
@target_options
def main(days: float, landing: bool, results: bool, dry_run: bool, target: Target) -> None:
    """Delete for good the old versions of objects that the bucket keeps.

    The bucket forgets them by itself after `noncurrent_days` (infrastructure/config.toml). Until
    then, whoever was removed from the tables is still in their old files.
    """
    if isinstance(target, DuckDbTarget):
        raise UsageError("a folder keeps no old versions; use --target athena")
    before = datetime.now(UTC) - timedelta(days=days)
    zones = (*BUILT, RESULTS, *(LANDING if landing else ()))
    found = find(target.bucket, zones, before, results)
    if dry_run:
        size = sum(version.size for version in found)
        click.echo(f"{len(found):,} versions would be deleted, {size:,} bytes")
        return
    count, size = purge(target.bucket, found)
    click.echo(f"{count:,} versions deleted, {size:,} bytes")
