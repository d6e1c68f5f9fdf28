"""The tables beside the landing zone: built anew of what is left, without old files, searched."""

from __future__ import annotations

import hashlib
import hmac
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import duckdb

from erasing.compaction import check_free, compact, tidy
from erasing.decoding import pairs_in
from erasing.identifiers import Identifiers
from erasing.places import S3Place, Stored, files_below
from erasing.search import Searched, search_tables

PROJECT = Path(__file__).resolve().parents[2]
PEOPLE = "staging/stg_customers"


class BuildFailed(RuntimeError):
    """A dbt command that failed; dbt has said why. The text says what to do."""


class Tables(Protocol):
    """The tables of one engine, as dbt builds them."""

    def check(self) -> None:
        """Raises where a build is running."""

    def customer_ids(self, emails: Iterable[str]) -> set[str]:
        """The pseudonyms of people, as far as any is to be found in tables."""

    def rebuild(self) -> None:
        """Makes every table anew from what has landed. Raises BuildFailed."""

    def maintain(self) -> None:
        """Removes from files what is in no table any more."""

    def stored(self) -> Iterator[Stored]:
        """Files beside the landing zone that could hold something of a person."""

    def search(self, wanted: Identifiers, found: Searched) -> None:
        """Looks into tables that are no objects of the landing root."""


@dataclass(frozen=True)
class Dbt:
    """Runs dbt on this project. settings: what is added to the environment."""

    target: str
    project: Path = PROJECT
    settings: dict[str, str] = field(default_factory=dict)

    def run(self, *arguments: str) -> None:
        """Runs a command; what dbt says goes to stderr. Raises BuildFailed."""
        program = str(Path(sys.executable).with_name("dbt"))
        command = [program, "--quiet", *arguments, "--target", self.target]
        ran = subprocess.run(
            command, cwd=self.project, env=os.environ | self.settings, stdout=sys.stderr.fileno()
        )
        if ran.returncode:
            raise BuildFailed(
                f"`dbt {' '.join(arguments)}` failed, as said above. Put that right and run this "
                "again with the same emails"
            )

    def artifacts(self) -> list[Path]:
        """The folders of what dbt writes beside the tables."""
        target = os.environ.get("DBT_TARGET_PATH", "target")
        logs = os.environ.get("DBT_LOG_PATH", "logs")
        return [self.project / target, self.project / logs]

    def purge_artifacts(self) -> None:
        """Removes those folders, which dbt makes anew."""
        for folder in self.artifacts():
            shutil.rmtree(folder, ignore_errors=True)


@dataclass(frozen=True)
class DuckDbTables:
    """The tables in a file on this machine."""

    dbt: Dbt
    database: Path
    pseudonym_key: str

    def check(self) -> None:
        check_free(self.database)

    def customer_ids(self, emails: Iterable[str]) -> set[str]:
        key = self.pseudonym_key.encode()
        return {hmac.new(key, email.encode(), hashlib.sha256).hexdigest() for email in emails}

    def rebuild(self) -> None:
        self.dbt.purge_artifacts()
        self.dbt.run("build", "--full-refresh")

    def maintain(self) -> None:
        compact(self.database)

    def stored(self) -> Iterator[Stored]:
        tidy(self.database)
        paths = [*self.database.parent.glob(f"{self.database.name}*"), *self.dbt.artifacts()]
        for path in paths:
            yield from files_below(path)

    def search(self, wanted: Identifiers, found: Searched) -> None:
        if self.database.exists():
            with duckdb.connect(self.database, read_only=True) as connection:
                search_tables(connection, wanted, found)


@dataclass(frozen=True)
class AthenaTables:
    """The tables in the bucket, which the search of the bucket finds."""

    dbt: Dbt
    place: S3Place

    def check(self) -> None:
        self.dbt.run("run-operation", "assert_no_build_is_running")

    def customer_ids(self, emails: Iterable[str]) -> set[str]:
        """As stg_customers has them: the pseudonym key is for the build alone."""
        found = set()
        for stored in self.place.stored(PEOPLE):
            with stored.open() as stream:
                found.update(pairs_in(stream, "email", "customer_id", emails))
        return found

    def rebuild(self) -> None:
        self.dbt.purge_artifacts()
        self.dbt.run("build", "--full-refresh")

    def maintain(self) -> None:
        """A full refresh has written every table to a new folder and deleted the old one; what that
        leaves as old versions, the place removes."""

    def stored(self) -> Iterator[Stored]:
        for path in self.dbt.artifacts():
            yield from files_below(path)

    def search(self, wanted: Identifiers, found: Searched) -> None:
        """There are no others."""
