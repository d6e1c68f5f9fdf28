"""The lakehouse that the page is of: how its tables are asked, what is stored, what erasures left.

On both engines the tables have the same names and columns, so that every question is asked once.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
from botocore.exceptions import BotoCoreError, ClientError

from stedi.errors import StediError
from stedi.landing.files import UnreadableFile, landed_files
from stedi.layout import BUILT, ENTITIES, LANDING, RESULTS
from stedi.restricted.store import RestrictedStore
from stedi.storage.bucket import Bucket
from stedi.target import AthenaTarget, Target

Query = Callable[[str], list[tuple[Any, ...]]]  # takes SQL, returns rows
Stored = list[tuple[str, int | None]]  # what, and its bytes; None where they are not known

# What Glue and Athena say of a table that is not there.
NOT_THERE = ("EntityNotFoundException", "TABLE_NOT_FOUND", "SCHEMA_NOT_FOUND", "does not exist")
OFFICER = "take on the privacy-officer role, and name its workgroup with --workgroup"


class NotAsked(StediError):
    """A lakehouse that cannot be looked at. Its text says what to do."""


@dataclass(frozen=True)
class Lakehouse:
    """tables: whose the tables are, for people. kept: the folder that erasures are noted in."""

    tables: str
    query: Query
    stored: Stored
    kept: RestrictedStore


@contextmanager
def on_duckdb(database: Path, landing: Path, kept: RestrictedStore) -> Iterator[Lakehouse]:
    """The tables in a DuckDB file. kept: the restricted files. Raises NotAsked."""
    if not database.exists():
        raise NotAsked(f"{database}: no such database; `dbt build` makes it")
    try:
        with duckdb.connect(database, read_only=True) as connection:
            yield Lakehouse(
                f"the DuckDB file `{database.name}`",
                lambda sql: connection.execute(sql).fetchall(),
                stored_on_disk(landing, database),
                kept,
            )
    except duckdb.CatalogException as error:
        raise NotAsked(f"{database}: not built whole; run `dbt build`") from error
    except duckdb.IOException as error:
        raise NotAsked(f"{database}: {_why(error)}") from error


@contextmanager
def on_athena(bucket_name: str, workgroup: str, kept: RestrictedStore) -> Iterator[Lakehouse]:
    """The tables on Athena, asked in a workgroup. kept: the restricted files. Raises NotAsked."""
    import boto3  # both take a while, which DuckDB's page need not wait for
    import pyathena

    logging.getLogger("pyathena").setLevel(logging.CRITICAL)  # what it logs it raises, too
    try:
        _check_bucket(boto3.client("glue"), bucket_name)
        bucket = Bucket(boto3.client("s3"), bucket_name)
        with pyathena.connect(work_group=workgroup) as connection:
            yield Lakehouse(
                f"Athena, over `s3://{bucket_name}`",
                lambda sql: connection.cursor().execute(sql).fetchall(),
                stored_in(bucket),
                kept,
            )
    except (pyathena.error.Error, ClientError, BotoCoreError) as error:
        if any(words in str(error) for words in NOT_THERE):
            message = "not built whole; run `dbt build --target athena`"
        else:
            message = f"{error}; {OFFICER}"
        raise NotAsked(f"s3://{bucket_name}: {message}") from error


def _check_bucket(glue: Any, bucket_name: str) -> None:
    """Else the page would tell of the bytes and the erasures of another bucket than the tables'."""
    table = glue.get_table(DatabaseName="stedi_audit", Name="builds")["Table"]
    location = table["StorageDescriptor"]["Location"]
    if not location.startswith(f"s3://{bucket_name}/"):
        raise NotAsked(f"s3://{bucket_name}: the tables lie in {location}; name that bucket")


def stored_on_disk(landing: Path, database: Path) -> Stored:
    """Of the landing zone, the database and what comes beside it."""
    files = [(f"landed files: {entity}", _landed(landing, entity)) for entity in ENTITIES]
    files.append((f"tables: {database.name}", database.stat().st_size))
    log = database.with_name(database.name + ".wal")
    if log.exists():
        files.append((f"changes not in it yet: {log.name}", log.stat().st_size))
    return files


def stored_in(bucket: Bucket) -> Stored:
    """Of each zone, and of what is no longer current in any of them."""
    words = {zone: f"landed files: {zone.partition('/')[0]}" for zone in LANDING}
    words |= {zone: f"tables: {zone}" for zone in BUILT} | {RESULTS: "query results"}
    files: Stored = []
    old = 0
    for zone, what in words.items():
        current = 0
        for version in bucket.versions(f"{zone}/"):
            if version.is_latest:
                current += version.size
            else:
                old += version.size
        files.append((what, current))
    return [*files, ("old versions of all these, until they expire", old)]


def _landed(landing: Path, entity: str) -> int | None:
    try:
        return sum(path.stat().st_size for _, path in landed_files(landing, entity))
    except UnreadableFile:  # its text names a file, and a file may be named after anybody
        return None


def _why(error: duckdb.IOException) -> str:
    if "lock" in str(error):
        return "another process has it open, a build or a client: wait for it, or close it"
    return "no database of DuckDB; `dbt build` makes one where there is none"


def open_lakehouse(
    target: Target, workgroup: str | None = None
) -> AbstractContextManager[Lakehouse]:
    """The lakehouse of a target.

    workgroup: that Athena queries run in; the privacy officer's where None.
    """
    if isinstance(target, AthenaTarget):
        named = workgroup or target.lake.workgroup("privacy-officer")
        return on_athena(target.bucket.name, named, target.restricted)
    return on_duckdb(target.database, target.landing, target.restricted)
