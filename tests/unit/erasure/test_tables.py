"""An erasure deletes what dbt wrote beside the tables, and nothing of anybody else's."""

from __future__ import annotations

from pathlib import Path

import pytest

from stedi.erasure.tables import delete_artifacts, own_artifacts
from stedi.project import Dbt, Project


@pytest.fixture
def dbt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Dbt:
    monkeypatch.setenv("DBT_TARGET_PATH", str(tmp_path / "target"))
    monkeypatch.setenv("DBT_LOG_PATH", str(tmp_path / "logs"))
    return Dbt(Project(tmp_path), "duckdb")


GONE = (
    "target/manifest.json", "target/run_results.json", "target/evidence.html",
    "target/catalog.json",
    "target/compiled/stedi_lakehouse/a/b.sql", "target/run/stedi_lakehouse/a.sql",
    "target/tests/run_results.json", "target/tests/compiled/stedi_lakehouse/a.sql",
    "logs/dbt.log", "logs/dbt.log.1",
)  # fmt: skip
KEPT = (
    "target/compiled/b", "target/compiled/another/b.sql", "target/run/pid",
    "target/tests/test_a.py",
    "target/tests/compiled/b", "target/index.html", "target/notes.txt", "target/tests.xml",
    "logs/syslog", "logs/run/stedi_lakehouse/pid", "logs/dbt.log.bak", "logs/dbt.log-notes",
)  # fmt: skip


def make(folder: Path) -> list[str]:
    """Makes all these files; their names."""
    for name in GONE + KEPT:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("")
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


def test_only_files_of_dbt_are_deleted(dbt: Dbt, tmp_path: Path) -> None:
    assert len(make(tmp_path)) == len(GONE + KEPT)
    delete_artifacts(dbt)
    found = [str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*") if p.is_file()]
    assert sorted(found) == sorted(KEPT)


def test_what_is_told_before_is_what_goes(dbt: Dbt, tmp_path: Path) -> None:
    before = {tmp_path / name for name in make(tmp_path)}
    told = own_artifacts(dbt)
    delete_artifacts(dbt)
    gone = {path for path in before if not path.exists()}
    assert gone == {path for path in before if any(path.is_relative_to(each) for each in told)}


def test_there_may_be_nothing_to_delete(dbt: Dbt) -> None:
    assert own_artifacts(dbt) == []
    delete_artifacts(dbt)
