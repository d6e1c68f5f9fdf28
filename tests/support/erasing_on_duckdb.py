"""Erases people of a lakehouse on DuckDB as `stedi erase` does, in the tests' own process."""

from __future__ import annotations

import gzip
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import duckdb

from stedi.erasure.erasure import Erasure
from stedi.erasure.landing_root import WHOLE_FOLDER, LandingRoot
from stedi.erasure.tables import DuckDbTables, project_files
from stedi.landing.zones import Zone
from stedi.project import Dbt, DbtFailed, Project
from stedi.restricted.erasures import ErasureRegister
from stedi.restricted.store import RestrictedStore
from stedi.search.search import Stored
from stedi.storage.folder import FolderStorage
from support.duckdb_tables import tables
from support.erased_life import pattern_of
from support.histories import Build
from support.lakehouse import KEY, Lakehouse

ALL = Build(full_refresh=True).arguments


@dataclass(frozen=True)
class Tables(DuckDbTables):
    """The tables of a lakehouse of the tests, whose dbt is started faster."""

    lakehouse: Lakehouse | None = None

    def project_files(self) -> Iterator[Stored]:
        return project_files(Dbt(Project(self.lakehouse.project), "duckdb"))

    def rebuild(self) -> None:
        shutil.rmtree(self.lakehouse.folder / "target", ignore_errors=True)
        shutil.rmtree(self.lakehouse.folder / "logs", ignore_errors=True)
        result = self.lakehouse.dbt(*ALL)
        if not result.success:
            raise DbtFailed(result.errors)


class Killed(BaseException):
    """What ends a run at a step of it."""


def erasure_in(
    lakehouse: Lakehouse, kill_at: str = "never", kill_before: int | None = None
) -> Erasure:
    """An erasure that is killed before the first step whose sentence matches, or by number."""
    steps = count()

    def say(step: str) -> None:
        if next(steps) == kill_before or re.search(kill_at, step):
            raise Killed(step)

    dbt = Dbt(Project(lakehouse.folder), "duckdb")
    storage = FolderStorage(lakehouse.landing)
    return Erasure(
        LandingRoot(storage, WHOLE_FOLDER),
        Zone(storage),
        Tables(dbt, lakehouse.landing, lakehouse.database, KEY, lakehouse=lakehouse),
        ErasureRegister(RestrictedStore(FolderStorage(lakehouse.folder))),
        say,
    )


def erase(
    lakehouse: Lakehouse, *emails: str, kill_at: str = "never", kill_before: int | None = None
) -> dict:
    """Erases people as `stedi erase` does; the receipt."""
    erasure = erasure_in(lakehouse, kill_at, kill_before)
    receipt, _ = erasure.erase([*emails], erasure.find([*emails]), "a test")
    return receipt


def held(folder: Path, wanted: Mapping[str, str]) -> dict[str, list[str]]:
    """In which files below a folder, and tables in them, each of the texts is found, as far as any
    is: in any case or with escapes of its first letter. Not the erasures' own files."""
    patterns = {what: pattern_of(text) for what, text in wanted.items()}
    found: dict[str, list[str]] = {}
    size = 0
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        if path.parent.name in ("erasures", "pending_erasures"):
            continue
        data = path.read_bytes()
        data = gzip.decompress(data) if path.suffix == ".gz" else data
        texts = [data.decode("utf-8", "replace")]
        if path.suffix == ".parquet":
            texts += [str(duckdb.execute(f"from read_parquet('{path}')").fetchall())]
        if path.suffix == ".duckdb":
            texts += [str(tables(path))]
        said = "\n".join(texts).lower()
        size += len(said)
        for what, pattern in patterns.items():
            if pattern.search(said):
                found.setdefault(what, []).append(str(path.relative_to(folder)))
    print(f"{size:,} letters searched, of all files")
    return found
