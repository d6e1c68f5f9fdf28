"""An erasure deletes what dbt wrote beside the tables, and nothing of anybody else's."""

from __future__ import annotations

from pathlib import Path

import pytest

from stedi.erasure.tables import delete_artifacts
from stedi.project import Dbt, Project


@pytest.fixture
def dbt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Dbt:
    monkeypatch.setenv("DBT_TARGET_PATH", str(tmp_path / "target"))
    monkeypatch.setenv("DBT_LOG_PATH", str(tmp_path / "logs"))
    return Dbt(Project(tmp_path), "duckdb")


def test_only_files_of_dbt_are_deleted(dbt: Dbt, tmp_path: Path) -> None:
    gone = [
        *("target/manifest.json", "target/compiled/a/b.sql", "target/run/a.sql"),
        *("target/run_results.json", "logs/dbt.log", "logs/dbt.log.1", "target/evidence.html"),
    ]
    kept = ["logs/syslog", "logs/run/pid", "logs/compiled/b", "target/notes.txt"]
    for name in gone + kept:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    delete_artifacts(dbt)
    left = [str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*") if p.is_file()]
    assert sorted(left) == sorted(kept)


def test_there_may_be_nothing_to_delete(dbt: Dbt) -> None:
    delete_artifacts(dbt)
