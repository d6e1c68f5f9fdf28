"""How the page reads a lakehouse: its tables, the sizes of its files, and its notes of erasures.

Tables have the same names and columns on both engines, so every query is written once.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from stedi.errors import StediError
from stedi.landing.files import UnreadableFile, landed_files
from stedi.layout import BUILT, ENTITIES, LANDING, RESULTS
from stedi.restricted.owner import check_owner
from stedi.restricted.store import RestrictedStore
from stedi.storage.storage import Storage
from stedi.target import AthenaTarget, DuckDbTarget, Target

if TYPE_CHECKING:
    from stedi.storage.bucket import Bucket

Query = Callable[[str], list[tuple[Any, ...]]]  # takes SQL, returns rows
FileSizes = list[tuple[str, int | None]]  # what is stored and its bytes; None if not known

# How Glue and Athena say that a table does not exist.
_MISSING = ("EntityNotFoundException", "TABLE_NOT_FOUND", "SCHEMA_NOT_FOUND", "does not exist")


@dataclass(frozen=True)
class LakehouseReader:
    """Reads one lakehouse.

    name: the lakehouse's, for people. storage: of landed files. restricted: notes of erasures.
    """

    name: str
    query: Query
    file_sizes: FileSizes
    storage: Storage
    restricted: RestrictedStore


def open_lakehouse(
    target: Target, workgroup: str | None = None
) -> AbstractContextManager[LakehouseReader]:
    """Reads the lakehouse of a target.

    workgroup: the Athena workgroup of the queries; the privacy officer's if None. Raises StediError
    where the tables are missing or cannot be read, also within the context.
    """
    if isinstance(target, AthenaTarget):
        return _on_athena(target, workgroup or target.lake.workgroup("privacy-officer"))
    return _on_duckdb(target)


@contextmanager
def _on_duckdb(target: DuckDbTarget) -> Iterator[LakehouseReader]:
    database = target.database
    if not database.exists():
        raise StediError(f"{database}: no such database; run `dbt build`, which creates it")
    check_owner(target.key_file.parent, database=database)
    try:
        with duckdb.connect(database, read_only=True) as connection:
            yield LakehouseReader(
                f"the DuckDB file `{database.name}`",
                lambda sql: connection.execute(sql).fetchall(),
                sizes_on_disk(target.landing, database),
                target.storage,
                target.restricted,
            )
    except duckdb.CatalogException as error:
        raise StediError(f"{database}: some tables are missing; run `dbt build`") from error
    except duckdb.IOException as error:
        problem = (
            "another process has it open; wait for that build or close that client"
            if "lock" in str(error)
            else "not a DuckDB database; delete it, then run `dbt build`"
        )
        raise StediError(f"{database}: {problem}") from error


@contextmanager
def _on_athena(target: AthenaTarget, workgroup: str) -> Iterator[LakehouseReader]:
    import pyathena  # takes a second, and is not installed for DuckDB alone
    from botocore.exceptions import BotoCoreError, ClientError

    logging.getLogger("pyathena").setLevel(logging.CRITICAL)  # it also raises what it logs
    bucket = target.bucket
    try:
        _check_bucket(target)
        with pyathena.connect(work_group=workgroup, region_name=target.config.region) as connection:
            yield LakehouseReader(
                f"Athena, over `s3://{bucket.name}`",
                lambda sql: connection.cursor().execute(sql).fetchall(),
                _sizes_in(bucket),
                target.storage,
                target.restricted,
            )
    except (pyathena.error.Error, ClientError, BotoCoreError) as error:
        if any(words in str(error) for words in _MISSING):
            message = "some tables are missing; run `dbt build --target athena`"
        else:
            message = (
                f"{error}; assume the privacy-officer role, and name its workgroup with --workgroup"
            )
        raise StediError(f"s3://{bucket.name}: {message}") from error


def _check_bucket(target: AthenaTarget) -> None:
    """Raises StediError if the tables are in another bucket than files and notes of erasures."""
    table = target.clients.glue.get_table(DatabaseName="stedi_audit", Name="builds")["Table"]
    location = table["StorageDescriptor"]["Location"]
    if not location.startswith(f"s3://{target.bucket.name}/"):
        raise StediError(
            f"s3://{target.bucket.name}: the tables are in {location}; name that bucket in the "
            "configuration"
        )


def sizes_on_disk(landing: Path, database: Path) -> FileSizes:
    """Bytes of the landing zones, the database and its write-ahead log."""
    sizes = [(f"landed files: {entity}", _landed(landing, entity)) for entity in ENTITIES]
    sizes.append((f"tables: {database.name}", database.stat().st_size))
    log = database.with_name(database.name + ".wal")
    if log.exists():
        sizes.append((f"changes not yet in the database: {log.name}", log.stat().st_size))
    return sizes


def _landed(landing: Path, entity: str) -> int | None:
    try:
        return sum(path.stat().st_size for _, path in landed_files(landing, entity))
    except UnreadableFile:  # its text names the file, which may be named after anybody
        return None


def _sizes_in(bucket: Bucket) -> FileSizes:
    """Bytes of each zone, and of the old versions in all of them."""
    names = {zone: f"landed files: {zone.partition('/')[0]}" for zone in LANDING}
    names |= {zone: f"tables: {zone}" for zone in BUILT} | {RESULTS: "query results"}
    sizes: FileSizes = []
    old = 0
    for zone, name in names.items():
        current = 0
        for version in bucket.versions(f"{zone}/"):
            if version.is_latest:
                current += version.size
            else:
                old += version.size
        sizes.append((name, current))
    return [*sizes, ("old versions of all of these, until they expire", old)]
