"""Maintain the lakehouse: no file holds rows that builds have deleted, and small files are merged.

`dbt run-operation maintain` compacts the tables. On Athena this looks at the bucket as well:
folders that no table knows go too, what VACUUM left is an error, and what it came to is told in
bytes. The bucket keeps old versions of what went; scripts/object_versions.py removes those.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

from stedi.aws.names import Lakehouse
from stedi.errors import StediError
from stedi.layout import BUILT, BUILT_LAYERS
from stedi.maintenance.iceberg import current_files
from stedi.project import DbtFailed, as_arguments
from stedi.storage.bucket import Bucket, Object
from stedi.target import AthenaTarget, Target

FOLDERS_AT_ONCE = 500  # that are told to dbt in one command line


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


class NotMaintained(StediError):
    """Maintenance that has not come to its end. Its text says why and what to do."""


def maintain(target: Target, minutes: float, say: Callable[[str], object]) -> None:
    """Compacts the tables of a lakehouse; stopped after so many minutes.

    say: takes a line of the report. Raises NotMaintained, ClientError.
    """
    if isinstance(target, AthenaTarget):
        Maintenance(target).run(minutes, say)
    else:
        run_dbt(target, {}, minutes)


def run_dbt(target: Target, arguments: Mapping[str, Any], minutes: float) -> None:
    """Runs `dbt run-operation maintain`. Raises NotMaintained."""
    command = ("run-operation", "maintain", "--args", as_arguments(arguments))
    try:
        target.dbt().run(*command, minutes=minutes, quiet=False)
    except TimeoutError:
        raise NotMaintained(
            f"It has not come to an end in {minutes:g} minutes, so it was stopped. If the tables "
            "are large, give it more --minutes; else see in logs/dbt.log whether Athena asks for "
            "one more run again and again. Say `dbt run-operation end_killed_builds`, then run "
            "this again."
        ) from None
    except DbtFailed as error:
        raise NotMaintained(
            "dbt failed, as it says above. What it has maintained stays so. On Athena the next "
            "build takes it for running, unless it says so itself: say `dbt run-operation "
            "end_killed_builds`, then run this again."
        ) from error


class Maintenance:
    """Maintenance on Athena, beside what dbt does."""

    def __init__(self, target: AthenaTarget) -> None:
        self.target = target
        self.lake = target.lake
        self.bucket = target.bucket
        self.catalog = target.clients.glue

    def objects(self) -> list[Object]:
        """All that lies where dbt builds."""
        return [each for zone in BUILT for each in self.bucket.objects(f"{zone}/")]

    def run(self, minutes: float, say: Callable[[str], object]) -> None:
        """Raises NotMaintained, ClientError."""
        begun = datetime.now(timezone.utc)
        before = self.objects()
        known_before = tables(self.catalog, self.lake)
        folders = folders_of_no_table(before, known_before)
        some = [self.bucket_address(folder) for folder in sorted(folders)[:FOLDERS_AT_ONCE]]
        run_dbt(self.target, {"folders": some}, minutes)
        after = self.objects()
        known = tables(self.catalog, self.lake)
        for line in told((known_before, before), (known, after)):
            say(line)
        left = [
            key
            for table in known
            if table.metadata
            for key in left_behind(self.bucket, table, before, begun, 0)
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
