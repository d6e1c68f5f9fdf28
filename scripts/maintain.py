"""Maintain the lakehouse: no file holds rows that builds have deleted, and small files are merged.

`dbt run-operation maintain` compacts the tables. On Athena this looks at the bucket as well:
folders that no table knows go too, what VACUUM left is an error, and what it came to is told in
bytes. The bucket keeps old versions of what went; scripts/object_versions.py removes those.
"""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import click
import yaml

from aws_names import BUILT, BUILT_LAYERS, Lakehouse, load_config
from iceberg_files import current_files
from provision import Clients, clear_errors, config_option
from storage import Bucket, Object

DBT_PROJECT = Path(__file__).parent.parent / "dbt_project.yml"
FOLDERS_AT_ONCE = 500  # that are told to dbt in one command line


class NotMaintained(Exception):
    """Maintenance that has not come to its end. Its text says why and what to do."""


@dataclass(frozen=True)
class Table:
    """A table as the catalog has it: where it lies in the bucket, and for Iceberg its metadata."""

    name: str
    prefix: str
    metadata: str | None


def tables(catalog: Any, lake: Lakehouse) -> list[Table]:
    """All tables of the layers that dbt builds, what a build has left among them."""
    root = f"s3://{lake.config.bucket}/"
    found = []
    for layer in BUILT_LAYERS:
        pages = catalog.get_paginator("get_tables").paginate(DatabaseName=lake.database(layer))
        for entry in (entry for page in pages for entry in page["TableList"]):
            place = entry.get("StorageDescriptor", {}).get("Location") or ""
            if place.startswith(root):
                prefix = place.removeprefix(root).rstrip("/") + "/"
                metadata = entry.get("Parameters", {}).get("metadata_location")
                found.append(Table(f"{entry['DatabaseName']}.{entry['Name']}", prefix, metadata))
    return found


def folder_of(key: str) -> str:
    """The folder of a table that a file belongs to, with its slash."""
    parts = re.split("/(?:data|metadata)/", key, maxsplit=1)
    folder = parts[0] if len(parts) > 1 else key.rpartition("/")[0]
    return f"{folder}/"


def folders_of_no_table(objects: Iterable[Object], known: Iterable[Table]) -> dict[str, int]:
    """Folders in which no table lies, with their bytes; never one of a whole zone, or above one."""
    places = tuple(table.prefix for table in known)
    zones = {f"{zone}/" for zone in BUILT}
    found: dict[str, int] = {}
    for each in objects:
        folder = folder_of(each.key)
        is_known = each.key.startswith(places) or any(p.startswith(folder) for p in places)
        if not is_known and folder not in zones:
            found[folder] = found.get(folder, 0) + each.size
    return found


def left_behind(
    bucket: Bucket, table: Table, before: Iterable[Object], begun: datetime, days: float
) -> list[str]:
    """Files that were there before maintenance, are too old to be kept, and are there still though
    the table has them no longer."""
    root = f"s3://{bucket.name}/"
    since = begun - timedelta(days=days)
    current = current_files(
        lambda address: bucket.read(address.removeprefix(root)),
        table.metadata,
        int(since.timestamp() * 1000),
    )
    there = {each.key for each in bucket.objects(table.prefix)}
    return [
        each.key
        for each in before
        if each.key.startswith(table.prefix)
        and each.since < since
        and each.key in there
        and root + each.key not in current
    ]


def days_to_keep() -> float:
    """The var retention_days of dbt_project.yml."""
    return yaml.safe_load(DBT_PROJECT.read_text())["vars"]["retention_days"]


def run_dbt(
    target: str, arguments: Mapping[str, Any], days: float | None, minutes: float
) -> None:
    """`dbt run-operation maintain`; days: instead of the var. Raises NotMaintained."""
    command = ["run-operation", "maintain", "--target", target]
    command += ["--args", json.dumps(dict(arguments))]
    command += [] if days is None else ["--vars", json.dumps({"retention_days": days})]
    process = subprocess.Popen([Path(sys.executable).with_name("dbt"), *command])
    try:
        code = process.wait(60 * minutes)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGINT)  # by which dbt stops its queries
        process.wait()
        raise NotMaintained(
            f"It has not come to an end in {minutes:g} minutes, so it was stopped. If the tables "
            "are large, give it more --minutes; else see in logs/dbt.log whether Athena asks for "
            "one more run again and again. Say `dbt run-operation end_killed_builds`, then run "
            "this again."
        ) from None
    if code:
        raise NotMaintained(
            "dbt failed, as it says above. What it has maintained stays so. On Athena the next "
            "build takes it for running, unless it says so itself: say `dbt run-operation "
            "end_killed_builds`, then run this again."
        )


class Maintenance:
    """Maintenance on Athena, beside what dbt does."""

    def __init__(self, config: Path) -> None:
        settings = load_config(config)
        clients = Clients(settings.region)
        self.lake = Lakehouse(settings, clients.account, clients.partition)
        self.bucket = Bucket(clients.s3, settings.bucket)
        self.catalog = clients.glue

    def objects(self) -> list[Object]:
        """All that lies where dbt builds."""
        return [each for zone in BUILT for each in self.bucket.objects(f"{zone}/")]

    def run(self, days: float | None, minutes: float) -> None:
        """Raises NotMaintained, ClientError."""
        kept = days_to_keep() if days is None else days
        begun = datetime.now(timezone.utc)
        before = self.objects()
        known_before = tables(self.catalog, self.lake)
        folders = folders_of_no_table(before, known_before)
        some = [self.bucket_address(folder) for folder in sorted(folders)[:FOLDERS_AT_ONCE]]
        run_dbt("athena", {"folders": some}, days, minutes)
        after = self.objects()
        known = tables(self.catalog, self.lake)
        for line in told((known_before, before), (known, after)):
            click.echo(line)
        left = [
            key
            for table in known
            if table.metadata
            for key in left_behind(self.bucket, table, before, begun, kept)
        ]
        there = {each.key for each in before}
        still = [each for each in after if each.key in there]
        left += folders_of_no_table(still, known) if len(folders) <= FOLDERS_AT_ONCE else ()
        if left:
            raise NotMaintained(
                f"{len(left):,} files or folders are left that no table has any more, as "
                f"{self.bucket_address(left[0])}. VACUUM leaves them, and succeeds, where who runs "
                "it lacks s3:DeleteObject: have that allowed, then run this again."
            )
        if len(folders) > FOLDERS_AT_ONCE:
            raise NotMaintained("There are more folders without a table: run this again.")

    def bucket_address(self, key: str) -> str:
        return f"s3://{self.bucket.name}/{key}"


def told(
    before: tuple[Iterable[Table], list[Object]], after: tuple[Iterable[Table], list[Object]]
) -> list[str]:
    """What it came to in bytes, table by table and in all, by the tables and objects of then and of
    now: a table may have moved."""
    sizes = [
        {table.name: _size(objects, table) for table in known} for known, objects in (before, after)
    ]
    names = sorted(sizes[0].keys() | sizes[1].keys())
    rows = [(name, *(size.get(name, 0) for size in sizes)) for name in names]
    whole = [sum(each.size for each in objects) for _, objects in (before, after)]
    rows.append(("no table", *(whole[n] - sum(sizes[n].values()) for n in (0, 1))))
    rows.append(("all", *whole))
    width = max(len(name) for name, *_ in rows)
    return [
        f"{name:{width}}  {old:>15,} bytes before  {new:>15,} after  {old - new:>15,} reclaimed"
        for name, old, new in rows
    ]


def _size(objects: Iterable[Object], table: Table) -> int:
    return sum(each.size for each in objects if each.key.startswith(table.prefix))


@click.command(help=__doc__)
@click.option(
    "--target", type=click.Choice(["duckdb", "athena"]), default="duckdb", show_default=True
)
@click.option(
    "--retention-days",
    type=click.FloatRange(min=0),
    show_default="of dbt_project.yml",
    help="Keep for so many days what is no longer current.",
)
@click.option("--minutes", default=120.0, show_default=True, help="Stop it after so long.")
@config_option
def main(target: str, retention_days: float | None, minutes: float, config: Path) -> None:
    try:
        if target == "duckdb":
            run_dbt(target, {}, retention_days, minutes)
        else:
            with clear_errors():
                Maintenance(config).run(retention_days, minutes)
    except NotMaintained as error:
        raise click.ClickException(str(error)) from error


if __name__ == "__main__":
    main()
