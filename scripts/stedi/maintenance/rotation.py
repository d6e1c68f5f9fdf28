"""Replace the pseudonym key: every customer_id changes, and no file holds an old one any more.

Makes a new key, makes every table anew under it, maintains the tables, looks for old ids in all
files, and destroys the old key. Broken off, it goes on when it is run again; until then nightly
builds refuse to run, as their key is not that of the tables.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Protocol

import duckdb

from stedi.errors import StediError
from stedi.layout import AUDIT, BUILT, PSEUDONYM_KEY_OBJECT, RESULTS, STAGING
from stedi.maintenance.tables import NotMaintained, maintain
from stedi.maintenance.versions import find, purge
from stedi.project import DbtFailed
from stedi.restricted.key_change import Stage, destroy_old_key, old_key, replace_key, stage
from stedi.restricted.pseudonym_key import hmac_sha256, new_key, read_key
from stedi.search.customer_ids import BOUND, Searched, all_ids, columns, ids_in
from stedi.storage.bucket import Bucket
from stedi.target import AthenaTarget, Target


class NotRotated(StediError):
    """A rotation that has not come to its end. Its text says why and what to do."""


MINUTES = 120  # that maintenance may take
AGAIN = "Run this again; until it has come to its end, nightly builds refuse to run."


class Place(Protocol):
    """Where a lakehouse keeps its key and its tables."""

    def stage(self) -> Stage:
        """How far a rotation has come. Raises NotRotated."""

    def replace(self) -> None:
        """Puts a new key in the old one's place, or goes on with that."""

    def old_ids(self) -> Searched:
        """Looks into all files for old ids. Raises NotRotated where it cannot."""

    def destroy(self) -> None:
        """Destroys the old key."""


class OnDuckDB:
    """The key and the tables are files."""

    def __init__(self, key: Path, database: Path) -> None:
        self._key, self._database = key, database

    def stage(self) -> Stage:
        if not read_key(self._key):
            raise NotRotated(
                f"{self._key}: there is no key to replace; make one by `stedi key make`"
            )
        return stage(self._key)

    def replace(self) -> None:
        replace_key(self._key)

    def old_ids(self) -> Searched:
        """In the rows, and in the bytes of the file."""
        old = read_key(old_key(self._key)) or ""
        searched = Searched()
        with duckdb.connect(self._database, read_only=True) as connection:
            emails = connection.execute(
                "select email from stedi_staging.stg_customer_records "
                "union select email from stedi_staging.stg_accelerometer"
            ).fetchall()
            ids = {hmac_sha256(email, old) for (email,) in emails}
            for table, values in _columns(connection):
                searched.size += sum(map(len, values))
                if not ids.isdisjoint(values):
                    searched.hits.setdefault(table, set()).add("customer_id")
        content = self._database.read_bytes()
        searched.files, searched.size = 1, searched.size + len(content)
        if ids_in(content, ids):
            searched.hits.setdefault(str(self._database), set()).add("customer_id")
        return searched

    def destroy(self) -> None:
        destroy_old_key(self._key)


def _columns(connection: duckdb.DuckDBPyConnection) -> Iterator[tuple[str, set[str]]]:
    """Each text column of each table: the table's name, and the values."""
    named = connection.execute(
        "select schema_name, table_name, column_name from duckdb_columns() "
        "inner join duckdb_tables() using (schema_name, table_name) where data_type = 'VARCHAR'"
    ).fetchall()
    for schema, table, column in named:
        sql = f'select distinct "{column}" from "{schema}"."{table}" where "{column}" is not null'
        yield f"{schema}.{table}", {value for (value,) in connection.execute(sql).fetchall()}


class OnAthena:
    """The key is an object that only dbt's role reads; versions of it tell how far it has come.

    the first version                         nothing has begun
    a marker that it was deleted, and it      builds refuse, as there is no key
    another version, the marker, and the old  tables may still be of the old key
    """

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket

    def stage(self) -> Stage:
        newest, *others = [*self._versions(), None]
        if newest is None:
            raise NotRotated("there is no key to replace; make one by `stedi aws apply`")
        if newest.is_marker:
            return Stage.MADE
        return Stage.REPLACED if any(others) else Stage.NOT_BEGUN

    def replace(self) -> None:
        if self.stage() is Stage.NOT_BEGUN:
            self._bucket.client.delete_object(Bucket=self._bucket.name, Key=PSEUDONYM_KEY_OBJECT)
        if self.stage() is Stage.MADE:
            self._bucket.put_new(PSEUDONYM_KEY_OBJECT, f"{new_key()}\n".encode())

    def old_ids(self) -> Searched:
        """Nobody here can read a key. So every id in any version of any file must be one that
        stg_customers, which was made anew, has now. Old versions and query results go first."""
        zones = (*BUILT, RESULTS)
        purge(self._bucket, find(self._bucket, zones, datetime.now(timezone.utc), results=True))
        known = self._values(f"{STAGING}/stg_customers/", "customer_id")
        known |= self._values(f"{AUDIT}/builds/", "key_id")
        starts = {each[:BOUND] for each in known}
        searched = Searched()
        for version in (v for zone in zones for v in self._bucket.versions(f"{zone}/")):
            if not version.is_marker:
                content = self._bucket.read(version.key, version.id)
                searched.files, searched.size = searched.files + 1, searched.size + len(content)
                ids, bounds = all_ids(version.key, content)
                if not (ids <= known and bounds <= starts):
                    searched.hits[version.key] = {"customer_id"}
        return searched

    def destroy(self) -> None:
        self._bucket.delete_versions(v for v in self._versions() if not v.is_latest)

    def _versions(self) -> list[Any]:
        found = self._bucket.versions(PSEUDONYM_KEY_OBJECT)
        return [version for version in found if version.key == PSEUDONYM_KEY_OBJECT]

    def _values(self, prefix: str, column: str) -> set[str]:
        files = [o.key for o in self._bucket.objects(prefix) if o.key.endswith(".parquet")]
        texts = (text for key in files for text in columns(self._bucket.read(key), column))
        return {value for text in texts for value in text.decode().splitlines()}


def place_of(target: Target) -> Place:
    """Where the lakehouse of a target keeps its key and tables."""
    if isinstance(target, AthenaTarget):
        return OnAthena(target.bucket)
    return OnDuckDB(target.key_file, target.database)


def rotate(
    target: Target,
    say: Callable[[str], object],
    *,
    dry_run: bool = False,
    variables: str | None = None,
    aws_profile: str | None = None,
) -> None:
    """Replaces a lakehouse's pseudonym key, or goes on with that.

    say: takes a line of progress. variables: for dbt's --vars. aws_profile: AWS_PROFILE for dbt.
    Raises NotRotated, and what maintenance and dbt raise.
    """
    place = place_of(target)
    say(f"Rotation of the key: {place.stage().value}")
    if dry_run:
        say("Would replace the key, make every table anew, maintain, and search")
        return
    dbt = target.dbt({"AWS_PROFILE": aws_profile} if aws_profile else {})
    try:
        if place.stage() is not Stage.REPLACED:
            dbt.run("run-operation", "assert_no_build_is_running", variables=variables)
            place.replace()
        dbt.run("build", "--full-refresh", variables=variables)
        maintain(target, MINUTES, say)
    except (DbtFailed, NotMaintained) as error:
        raise NotRotated(f"{error}. {AGAIN}") from error
    check(place.old_ids(), say)
    place.destroy()
    say("The old key is destroyed. Backups of it are yours to destroy.")


def check(searched: Searched, say: Callable[[str], object]) -> None:
    """Raises NotRotated where an old id was found."""
    if searched.hits:
        some = ", ".join(sorted(searched.hits)[:3])
        raise NotRotated(
            f"An old customer_id is in {len(searched.hits):,} places still, as {some}. The old key "
            f"is kept. If somebody has just asked a query, its result may hold it. {AGAIN}"
        )
    say(f"No old id in {searched.size:,} bytes of {searched.files:,} files")
