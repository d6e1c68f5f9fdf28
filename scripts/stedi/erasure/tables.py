"""The tables in an erasure: rebuilt without the people, without old files, and searched."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import duckdb

from stedi.builds import Build, last_build_in, last_build_of
from stedi.duckdb_target.compaction import (
    check_free,
    compact,
    remove_unfinished,
    unfinished_files,
)
from stedi.duckdb_target.copies import COPIES_FOLDER
from stedi.erasure.landing_root import LandingRoot
from stedi.errors import StediError
from stedi.layout import ENTITIES
from stedi.project import NAME, Dbt, as_arguments
from stedi.restricted.pseudonym_key import hmac_sha256
from stedi.search.decode import column_of
from stedi.search.identifiers import Identifiers
from stedi.search.search import Searched, Stored, files_below, search_tables

if TYPE_CHECKING:
    from stedi.storage.bucket import Bucket

AGAIN = "build it by `dbt build --full-refresh`, then run the erasure again"
PEOPLE = "staging/stg_customers/"
# What dbt writes to its target folder, and `stedi evidence` beside it. The folder may be anybody's,
# so nothing in it goes but files of these names, and the folders that dbt names after the project.
ARTIFACTS = (
    "manifest.json", "semantic_manifest.json", "partial_parse.msgpack", "perf_info.json",
    "graph.gpickle", "graph_summary.json", "run_results.json", "sources.json", "catalog.json",
    "static_index.html", "evidence.html", "evidence.json",
)  # fmt: skip
_FOLDERS = (f"compiled/{NAME}", f"run/{NAME}")
_TESTS = "tests"  # the target folder of the tests in `make evidence`
_LOG = re.compile(r"dbt\.log(\.[0-9]+)?")

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

    def plan(self) -> Iterator[str]:
        """What will be deleted and rebuilt, in counts and places."""

    def rebuild(self) -> None:
        """Rebuilds every table from the landed files. Raises DbtFailed."""

    def last_build(self) -> Build:
        """The last completed build. Raises StediError if there is none."""

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
    """The tables in a file on this machine. variables: the vars that they are rebuilt with."""

    dbt: Dbt
    landing: Path
    database: Path
    pseudonym_key: str
    variables: Mapping[str, Any] = field(default_factory=dict)

    def check(self) -> None:
        check_free(self.database)

    def customer_ids(self, emails: Iterable[str]) -> set[str]:
        return {hmac_sha256(email, self.pseudonym_key) for email in emails}

    def remove_copies(self) -> None:
        for folder in self._copies():
            shutil.rmtree(folder, ignore_errors=True)

    def plan(self) -> Iterator[str]:
        for folder in self._copies():
            if copies := sum(path.is_file() for path in folder.rglob("*")):
                yield f"{folder}: {copies:,} hidden copies of landed lines would be deleted"
        if unfinished := [path for path in unfinished_files(self.database) if path.exists()]:
            yield f"{unfinished[0]}: an interrupted compaction's file would be deleted"
        yield from _plan(self.dbt, self.variables)
        yield f"{self.database}: its file would be compacted"

    def _copies(self) -> list[Path]:
        return [self.landing / entity / COPIES_FOLDER for entity in ENTITIES]

    def rebuild(self) -> None:
        delete_artifacts(self.dbt)
        self.dbt.run("build", "--full-refresh", variables=as_arguments(self.variables))

    def last_build(self) -> Build:
        return last_build_in(self.database)

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
        if not self.database.exists():
            raise StediError(f"{self.database}: no such database any more; {AGAIN}")
        with duckdb.connect(self.database, read_only=True) as connection:
            search_tables(connection, wanted, found)


@dataclass(frozen=True)
class AthenaTables:
    """The tables in the bucket, which the search of the bucket finds.

    variables: the vars that they are rebuilt with.
    """

    dbt: Dbt
    landing: LandingRoot
    bucket: Bucket
    variables: Mapping[str, Any] = field(default_factory=dict)

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

    def plan(self) -> Iterator[str]:
        yield from _plan(self.dbt, self.variables)

    def rebuild(self) -> None:
        delete_artifacts(self.dbt)
        self.dbt.run("build", "--full-refresh", variables=as_arguments(self.variables))

    def last_build(self) -> Build:
        return last_build_of(self.bucket)

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


def own_artifacts(dbt: Dbt) -> list[Path]:
    """The artifacts and logs of dbt and of `stedi evidence` that exist; files, and folders."""
    target, logs = artifacts(dbt)
    found = []
    for folder in (target, target / _TESTS):
        found += [folder / name for name in (*ARTIFACTS, *_FOLDERS)]
    if logs.is_dir():
        found += [path for path in sorted(logs.iterdir()) if _LOG.fullmatch(path.name)]
    return [path for path in found if path.exists()]


def _plan(dbt: Dbt, variables: Mapping[str, Any]) -> Iterator[str]:
    for path in own_artifacts(dbt):
        yield f"{path}: dbt's own, would be deleted"
    rules = ", ".join(f"{name}: {value}" for name, value in variables.items())
    yield f"every table would be rebuilt with the vars of the last build ({rules})"


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
    for path in own_artifacts(dbt):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
