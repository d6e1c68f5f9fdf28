"""The tables in an erasure: rebuilt without the people, without old files, and searched."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import duckdb

from stedi.duckdb_target.compaction import check_free, compact, remove_unfinished
from stedi.duckdb_target.copies import COPIES_FOLDER
from stedi.erasure.landing_root import LandingRoot
from stedi.layout import ENTITIES
from stedi.project import Dbt
from stedi.restricted.pseudonym_key import hmac_sha256
from stedi.search.decode import column_of
from stedi.search.identifiers import Identifiers
from stedi.search.search import Searched, Stored, files_below, search_tables

PEOPLE = "staging/stg_customers/"
ARTIFACTS = (
    "manifest.json", "semantic_manifest.json", "partial_parse.msgpack", "perf_info.json",
    "graph.gpickle", "graph_summary.json", "run_results.json", "sources.json", "catalog.json",
    "index.html", "static_index.html", "compiled", "run",
    "evidence.html", "tests.xml", "deep-tests.xml", "tests",
)  # fmt: skip

READ_BY_DBT = (".sql", ".yml", ".yaml", ".md", ".csv", ".py")
SOURCES = {  # the settings that name folders of the project, and what they are by default
    "model-paths": ["models"], "macro-paths": ["macros"], "test-paths": ["tests"],
    "seed-paths": ["seeds"], "analysis-paths": ["analyses"], "snapshot-paths": ["snapshots"],
    "docs-paths": [],
}  # fmt: skip


class Tables(Protocol):
    """The tables of one engine, as dbt builds them."""

    def check(self) -> None:
        """Raises StediError if a build is running."""

    def customer_ids(self, emails: Iterable[str]) -> set[str]:
        """The pseudonyms of people, as far as they are known."""

    def remove_copies(self) -> None:
        """Deletes copies of landed lines that are kept beside the tables."""

    def rebuild(self) -> None:
        """Rebuilds every table from the landed files. Raises DbtFailed."""

    def maintain(self) -> None:
        """Removes deleted rows from the tables' files."""

    def stored(self) -> Iterator[Stored]:
        """Files beside the landing root that may hold something of a person, but for artifacts."""

    def artifacts(self) -> Iterator[Stored]:
        """What dbt wrote: its artifacts and logs."""

    def project_files(self) -> Iterator[Stored]:
        """The files that dbt's artifacts repeat."""

    def search(self, wanted: Identifiers, found: Searched) -> None:
        """Searches the tables that are not objects of the landing root."""


@dataclass(frozen=True)
class DuckDbTables:
    """The tables in a file on this machine."""

    dbt: Dbt
    landing: Path
    database: Path
    pseudonym_key: str

    def check(self) -> None:
        check_free(self.database)

    def customer_ids(self, emails: Iterable[str]) -> set[str]:
        return {hmac_sha256(email, self.pseudonym_key) for email in emails}

    def remove_copies(self) -> None:
        for entity in ENTITIES:
            shutil.rmtree(self.landing / entity / COPIES_FOLDER, ignore_errors=True)

    def rebuild(self) -> None:
        delete_artifacts(self.dbt)
        self.dbt.run("build", "--full-refresh")

    def maintain(self) -> None:
        compact(self.database)

    def stored(self) -> Iterator[Stored]:
        remove_unfinished(self.database)
        for path in self.database.parent.glob(f"{self.database.name}*"):
            yield from files_below(path)

    def artifacts(self) -> Iterator[Stored]:
        for path in artifacts(self.dbt):
            yield from files_below(path)

    def project_files(self) -> Iterator[Stored]:
        return project_files(self.dbt)

    def search(self, wanted: Identifiers, found: Searched) -> None:
        if self.database.exists():
            with duckdb.connect(self.database, read_only=True) as connection:
                search_tables(connection, wanted, found)


@dataclass(frozen=True)
class AthenaTables:
    """The tables in the bucket, which the search of the bucket finds."""

    dbt: Dbt
    landing: LandingRoot

    def check(self) -> None:
        self.dbt.run("run-operation", "assert_no_build_is_running")

    def customer_ids(self, emails: Iterable[str]) -> set[str]:
        """As stg_customers has them: the pseudonym key is for the build alone."""
        found: set[str] = set()
        for stored in self.landing.stored(PEOPLE):
            with stored.open() as stream:
                found |= column_of(stream, "customer_id", "email", emails)
        return found

    def remove_copies(self) -> None:
        """Does nothing: there are none."""

    def rebuild(self) -> None:
        delete_artifacts(self.dbt)
        self.dbt.run("build", "--full-refresh")

    def maintain(self) -> None:
        """Does nothing: a full refresh has written every table to a new folder and deleted the old
        one, and old versions are deleted with the landing root's."""

    def stored(self) -> Iterator[Stored]:
        return iter(())  # the bucket has them all

    def artifacts(self) -> Iterator[Stored]:
        for path in artifacts(self.dbt):
            yield from files_below(path)

    def project_files(self) -> Iterator[Stored]:
        return project_files(self.dbt)

    def search(self, wanted: Identifiers, found: Searched) -> None:
        """Does nothing: there are no others."""


def artifacts(dbt: Dbt) -> list[Path]:
    """The folders that dbt writes its artifacts and logs to."""
    return [dbt.project.target_path, dbt.project.log_path]


def project_files(dbt: Dbt) -> Iterator[Stored]:
    """The files that dbt reads of the project, and of the packages that it uses."""
    settings = dbt.project.settings
    folders = [name for kind, names in SOURCES.items() for name in settings.get(kind, names)]
    packages = str(settings.get("packages-install-path", "dbt_packages"))
    for name in ("dbt_project.yml", *folders, packages):
        for stored in files_below(dbt.project.folder / name):
            if stored.name.endswith(READ_BY_DBT):
                yield stored


def delete_artifacts(dbt: Dbt) -> None:
    """Deletes the artifacts and logs of dbt and of `stedi evidence`, and nothing else."""
    target, logs = artifacts(dbt)
    paths = [target / name for name in ARTIFACTS] + list(logs.glob("dbt.log*"))
    for path in paths:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
