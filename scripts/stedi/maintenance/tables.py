"""Maintains the tables: afterwards no file holds rows that builds have deleted.

`dbt run-operation maintain` compacts the tables. On Athena this deletes files and folders that no
table lists as well, and reports the bytes reclaimed. The bucket keeps old versions of what was
deleted, until `stedi purge` deletes them too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from stedi.aws.names import Lakehouse
from stedi.errors import StediError
from stedi.layout import BUILT, BUILT_LAYERS
from stedi.maintenance.iceberg import files_of
from stedi.project import DbtFailed, as_arguments
from stedi.storage.storage import Object
from stedi.target import AthenaTarget, Target

FOLDERS_AT_ONCE = 500  # as arguments of one dbt command
_OBJECTS_AT_ONCE = 1000  # that S3 deletes in one request


@dataclass(frozen=True)
class Table:
    """A table in the catalog: its prefix in the bucket, and the address of its Iceberg metadata."""

    name: str
    prefix: str
    metadata: str | None


def tables(catalog: Any, lake: Lakehouse) -> list[Table]:
    """All tables of the layers that dbt builds, including what killed builds have left."""
    root = f"s3://{lake.config.bucket}/"
    found = []
    for layer in BUILT_LAYERS:
        pages = catalog.get_paginator("get_tables").paginate(DatabaseName=lake.database(layer))
        for entry in (entry for page in pages for entry in page["TableList"]):
            location = entry.get("StorageDescriptor", {}).get("Location") or ""
            if location.startswith(root):
                prefix = location.removeprefix(root).rstrip("/") + "/"
                metadata = entry.get("Parameters", {}).get("metadata_location")
                found.append(Table(f"{entry['DatabaseName']}.{entry['Name']}", prefix, metadata))
    return found


def folder_of(key: str) -> str:
    """The folder of a table that a file belongs to, with its slash."""
    parts = re.split("/(?:data|metadata)/", key, maxsplit=1)
    folder = parts[0] if len(parts) > 1 else key.rpartition("/")[0]
    return f"{folder}/"


def folders_of_no_table(objects: Iterable[Object], known: Iterable[Table]) -> dict[str, int]:
    """Folders without a table, and their bytes; never a zone's folder, or one above a table."""
    prefixes = tuple(table.prefix for table in known)
    zones = {f"{zone}/" for zone in BUILT}
    found: dict[str, int] = {}
    for each in objects:
        folder = folder_of(each.key)
        is_known = each.key.startswith(prefixes) or any(p.startswith(folder) for p in prefixes)
        if not is_known and folder not in zones:
            found[folder] = found.get(folder, 0) + each.size
    return found


class NotMaintained(StediError):
    """Maintenance did not finish."""


def maintain(target: Target, minutes: float, say: Callable[[str], object]) -> None:
    """Maintains the tables of a lakehouse; stops after so many minutes.

    say: takes each line of the report. Raises NotMaintained, ClientError.
    """
    if isinstance(target, AthenaTarget):
        Maintenance(target).run(minutes, say)
    else:
        target.last_build()  # raises where there is nothing to maintain
        run_dbt(target, {}, minutes)


def run_dbt(target: Target, arguments: Mapping[str, Any], minutes: float) -> None:
    """Runs `dbt run-operation maintain`. Raises NotMaintained."""
    command = ("run-operation", "maintain", "--args", as_arguments(arguments))
    again = "run `dbt run-operation end_killed_builds`, then run this again"
    try:
        target.dbt().run(*command, minutes=minutes, quiet=False)
    except TimeoutError:
        raise NotMaintained(
            f"Maintenance was stopped after {minutes:g} minutes. Tables that were maintained stay "
            f"so. If the tables are large, allow more --minutes: {again}"
        ) from None
    except DbtFailed as error:
        raise NotMaintained(
            "dbt failed; its own message stands above. Tables that were maintained stay so. If the "
            f"next build on Athena says that maintenance is still running, {again}"
        ) from error


class Maintenance:
    """Maintenance on Athena: what it takes beside dbt."""

    def __init__(self, target: AthenaTarget) -> None:
        self.target = target
        self.lake = target.lake
        self.bucket = target.bucket
        self.catalog = target.clients.glue

    def run(self, minutes: float, say: Callable[[str], object]) -> None:
        """Maintains the tables and their zones. Raises NotMaintained, ClientError."""
        begun = datetime.now(UTC)
        before = self._objects()
        known_before = tables(self.catalog, self.lake)
        folders = folders_of_no_table(before, known_before)
        some = [self._address(folder) for folder in sorted(folders)[:FOLDERS_AT_ONCE]]
        run_dbt(self.target, {"folders": some}, minutes)
        known = tables(self.catalog, self.lake)
        there = {each.key for each in before if each.since < begun}
        old = [each for each in self._objects() if each.key in there]
        with_snapshots = self._delete_orphans(old, known, say)
        after = self._objects()
        for line in size_report((known_before, before), (known, after)):
            say(line)
        if len(folders) > FOLDERS_AT_ONCE:
            raise NotMaintained(
                f"There are more than {FOLDERS_AT_ONCE} folders without a table; run this again"
            )
        if left := folders_of_no_table([each for each in after if each.key in there], known):
            raise NotMaintained(
                f"{len(left):,} folders without a table could not be deleted, such as "
                f"{self._address(min(left))}. Allow dbt's role s3:DeleteObject, then run this again"
            )
        if with_snapshots:
            raise NotMaintained(
                f"These tables still have former snapshots: {', '.join(with_snapshots)}. If the "
                "project no longer builds them, drop them in Athena; otherwise run this again"
            )

    def _delete_orphans(
        self, old: list[Object], known: Iterable[Table], say: Callable[[str], object]
    ) -> list[str]:
        """Deletes files below a table that its metadata does not list, such as a failed query's.

        old: objects that are older than this run. Returns the tables that former snapshots are left
        of, whose files stay. Raises NotMaintained if S3 refuses.
        """
        with_snapshots = []
        for table in known:
            if table.metadata is None:
                continue
            below = {self._address(o.key): o.key for o in old if o.key.startswith(table.prefix)}
            files = files_of(lambda address: self.bucket.read(self._key(address)), table.metadata)
            if below.keys() & files.former:
                with_snapshots.append(table.name)
            orphans = sorted(below.keys() - files.current - files.former)
            self._delete([below[address] for address in orphans])
            if orphans:
                say(f"Deleted {len(orphans):,} files that {table.name} does not list")
        return with_snapshots

    def _delete(self, keys: list[str]) -> None:
        """Deletes objects; a versioned bucket keeps them as old versions until a purge."""
        for at in range(0, len(keys), _OBJECTS_AT_ONCE):
            some = [{"Key": key} for key in keys[at : at + _OBJECTS_AT_ONCE]]
            answer = self.bucket.client.delete_objects(
                Bucket=self.bucket.name, Delete={"Objects": some, "Quiet": True}
            )
            for error in answer.get("Errors", ()):
                raise NotMaintained(
                    f"{self._address(error['Key'])}: {error['Code']}: no table lists this file. "
                    "Allow s3:DeleteObject, so that it can be deleted, then run this again"
                )

    def _objects(self) -> list[Object]:
        """Every object in the zones that dbt builds."""
        return [each for zone in BUILT for each in self.bucket.objects(f"{zone}/")]

    def _address(self, key: str) -> str:
        return f"s3://{self.bucket.name}/{key}"

    def _key(self, address: str) -> str:
        return address.removeprefix(f"s3://{self.bucket.name}/")


def size_report(
    before: tuple[Iterable[Table], list[Object]], after: tuple[Iterable[Table], list[Object]]
) -> list[str]:
    """Lines that report the bytes of each table and of all, before and after.

    before, after: the tables and the objects of that moment, as a table may have moved.
    """
    sizes = [
        {table.name: _size(objects, table) for table in known} for known, objects in (before, after)
    ]
    names = sorted(sizes[0].keys() | sizes[1].keys())
    rows = [(name, sizes[0].get(name, 0), sizes[1].get(name, 0)) for name in names]
    whole = [sum(each.size for each in objects) for _, objects in (before, after)]
    of_no_table = [whole[n] - sum(sizes[n].values()) for n in (0, 1)]
    rows += [("no table", of_no_table[0], of_no_table[1]), ("all", whole[0], whole[1])]
    width = max(len(name) for name, *_ in rows)
    return [
        f"{name:{width}}  {old:>15,} bytes before  {new:>15,} after  {old - new:>15,} reclaimed"
        for name, old, new in rows
    ]


def _size(objects: Iterable[Object], table: Table) -> int:
    return sum(each.size for each in objects if each.key.startswith(table.prefix))
