"""Replaces the pseudonym key: every customer_id changes, and no file keeps an old one.

Makes a new key, rebuilds every table under it, maintains the tables, searches all files for old
ids, and destroys the old key. An interrupted rotation resumes when it is run again; until then
nightly builds refuse to run, because their key is not the one that the tables were built with.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import duckdb

from stedi.errors import StediError
from stedi.layout import AUDIT, BUILT, PSEUDONYM_KEY_OBJECT, RESULTS, STAGING
from stedi.maintenance.tables import NotMaintained, maintain
from stedi.maintenance.versions import find, purge
from stedi.project import DbtFailed, as_arguments
from stedi.restricted.key_change import Stage, destroy_old_key, old_key, replace_key, stage
from stedi.restricted.pseudonym_key import hmac_sha256, new_key, read_key
from stedi.search.customer_ids import OtherIds, TheseIds
from stedi.search.decode import column_of
from stedi.search.search import Searched, files_below, search, search_tables, versions_below
from stedi.storage.bucket import Bucket
from stedi.target import AthenaTarget, Target

MINUTES = 120  # that maintenance may take
AGAIN = "Run this again; until it has finished, nightly builds refuse to run."


class Rotation(Protocol):
    """The steps of a rotation that depend on where the key and the tables are kept."""

    def stage(self) -> Stage:
        """How far the rotation has come. Raises StediError where there is no key."""

    def replace(self) -> None:
        """Puts a new key in the old one's place, or resumes doing so."""

    def search(self) -> Searched:
        """Searches all files for old ids."""

    def destroy(self) -> None:
        """Destroys the old key."""


class DuckDbRotation:
    """A rotation of a key and a database that are files on this machine."""

    def __init__(self, key: Path, database: Path) -> None:
        self._key, self._database = key, database

    def stage(self) -> Stage:
        if not read_key(self._key):
            raise StediError(
                f"{self._key}: there is no key to replace; make one by `stedi key make`"
            )
        return stage(self._key)

    def replace(self) -> None:
        replace_key(self._key)

    def search(self) -> Searched:
        """Searches the rows, and the bytes of the database file."""
        old = read_key(old_key(self._key)) or ""
        found = Searched()
        with duckdb.connect(self._database, read_only=True) as connection:
            emails = connection.execute(
                "select email from stedi_staging.stg_customer_records "
                "union select email from stedi_staging.stg_accelerometer"
            ).fetchall()
            wanted = TheseIds(hmac_sha256(email, old) for (email,) in emails)
            search_tables(connection, wanted, found)
        search(files_below(self._database), wanted, found)
        return found

    def destroy(self) -> None:
        destroy_old_key(self._key)


class AthenaRotation:
    """A rotation of a key that is an object, which only dbt's role can read.

    Its versions tell how far the rotation has come:

    the first version                         nothing has begun
    a marker that it was deleted, and it      builds refuse, as there is no key
    another version, the marker, and the old  tables may still be of the old key
    """

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket

    def stage(self) -> Stage:
        newest, *others = [*self._versions(), None]
        if newest is None:
            raise StediError("there is no key to replace; make one by `stedi aws apply`")
        if newest.is_marker:
            return Stage.MADE
        return Stage.REPLACED if any(others) else Stage.NOT_BEGUN

    def replace(self) -> None:
        if self.stage() is Stage.NOT_BEGUN:
            self._bucket.client.delete_object(Bucket=self._bucket.name, Key=PSEUDONYM_KEY_OBJECT)
        if self.stage() is Stage.MADE:
            self._bucket.create(PSEUDONYM_KEY_OBJECT, [f"{new_key()}\n".encode()])

    def search(self) -> Searched:
        """Searches every version of every object for ids that are not in stg_customers, which was
        rebuilt: nobody here can read a key. Deletes old versions and query results first."""
        zones = (*BUILT, RESULTS)
        purge(self._bucket, find(self._bucket, zones, datetime.now(UTC), results=True))
        known = self._values(f"{STAGING}/stg_customers/", "customer_id")
        known |= self._values(f"{AUDIT}/builds/", "key_id")
        found = Searched()
        search(versions_below(self._bucket, [f"{zone}/" for zone in zones]), OtherIds(known), found)
        return found

    def destroy(self) -> None:
        self._bucket.delete_versions(v for v in self._versions() if not v.is_latest)

    def _versions(self) -> list[Any]:
        found = self._bucket.versions(PSEUDONYM_KEY_OBJECT)
        return [version for version in found if version.key == PSEUDONYM_KEY_OBJECT]

    def _values(self, folder: str, column: str) -> set[str]:
        """The values of a column in a table's files."""
        found: set[str] = set()
        for stored in versions_below(self._bucket, [folder], only_current=True):
            with stored.open() as stream:
                found |= column_of(stream, column)
        return found


def rotation_of(target: Target) -> Rotation:
    """The steps of a rotation on a target."""
    if isinstance(target, AthenaTarget):
        return AthenaRotation(target.bucket)
    return DuckDbRotation(target.key_file, target.database)


def rotate(
    target: Target,
    say: Callable[[str], object],
    *,
    dry_run: bool = False,
    variables: str | None = None,
    aws_profile: str | None = None,
) -> None:
    """Replaces a lakehouse's pseudonym key, or resumes an interrupted rotation.

    say: takes a line of progress. variables: for dbt's --vars; those of the last
    build if None. aws_profile: AWS_PROFILE for dbt.
    Raises StediError, and what maintenance and dbt raise.
    """
    rotation = rotation_of(target)
    say(f"Rotation of the key: {rotation.stage().value}")
    if dry_run:
        say("Would replace the key, rebuild every table, maintain the tables, and search all files")
        return
    variables = variables or as_arguments(target.last_build().variables)
    dbt = target.dbt({"AWS_PROFILE": aws_profile} if aws_profile else {})
    try:
        if rotation.stage() is not Stage.REPLACED:
            dbt.run("run-operation", "assert_no_build_is_running", variables=variables)
            rotation.replace()
        dbt.run("build", "--full-refresh", variables=variables)
        maintain(target, MINUTES, say)
    except (DbtFailed, NotMaintained) as error:
        raise StediError(f"{error}. {AGAIN}") from error
    check(rotation.search(), say)
    rotation.destroy()
    say("The old key is destroyed. If you have backups of it, destroy them too.")


def check(found: Searched, say: Callable[[str], object]) -> None:
    """Raises StediError if an old id was found, or something could not be searched."""
    if found.findings:
        some = "".join(f"\n  {name}: {what}" for name, what in sorted(found.findings)[:3])
        raise StediError(
            f"{len(found.findings):,} objects hold an old customer_id, or cannot be searched:{some}"
            "\nThe old key is kept. If somebody has just run a query, its result may hold one. "
            f"{AGAIN}"
        )
    say(f"No old customer_id in {found.objects:,} objects, {found.bytes:,} bytes")
