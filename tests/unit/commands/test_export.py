"""`stedi export`: what it refuses; tests/laws/test_files_are_private.py looks at what it writes."""

from __future__ import annotations

import stat
from pathlib import Path

import duckdb
import pytest

from support.targets import note_build, stedi


@pytest.fixture
def database(duckdb_lakehouse: Path) -> Path:
    path = duckdb_lakehouse / "lakehouse.duckdb"
    note_build(path)
    with duckdb.connect(path) as connection:
        connection.execute("create schema stedi_curated")
        connection.execute('create table stedi_curated."it\'s" as select 1 as one')
        connection.execute("create view stedi_curated.two as select 2 as two")
        connection.execute("create table stedi_audit.three as select 3 as three")
    return path


def test_each_curated_table_is_a_file(database: Path, tmp_path: Path) -> None:
    folder = tmp_path / "it's" / "new"
    result = stedi("export", "--to", folder)
    assert result.exit_code == 0, result.output
    assert {path.name for path in folder.iterdir()} == {"it's.parquet", "two.parquet"}
    assert "export again" in result.output
    assert {stat.S_IMODE(p.stat().st_mode) for p in folder.iterdir()} == {0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_folder_that_holds_anything_is_refused(database: Path) -> None:
    result = stedi("export", "--to", database.parent)
    assert result.exit_code == 2
    assert "not empty; name a new folder" in result.stderr


def test_a_build_that_was_not_completed_is_refused(database: Path, tmp_path: Path) -> None:
    with duckdb.connect(database) as connection:
        connection.execute(
            "insert into stedi_audit.builds values ('b', 'begun', '2024-02-01', 'any_time', '')"
        )
    result = stedi("export", "--to", tmp_path / "new")
    assert result.exit_code == 1
    assert "its last build was not completed" in result.stderr
    assert not (tmp_path / "new").exists()


def test_without_tables(duckdb_lakehouse: Path) -> None:
    result = stedi("export", "--to", duckdb_lakehouse / "new")
    assert result.exit_code == 2
    assert "no such database" in result.stderr


def test_a_group_may_read_where_the_umask_allows_it(
    database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STEDI_UMASK", "027")
    assert stedi("export", "--to", tmp_path / "new").exit_code == 0
    assert stat.S_IMODE((tmp_path / "new" / "two.parquet").stat().st_mode) == 0o640
    monkeypatch.setenv("STEDI_UMASK", "none")
    result = stedi("export", "--to", tmp_path / "another")
    assert result.exit_code == 2
    assert "STEDI_UMASK: 'none' is not a umask; write it as 077 or 027" in result.stderr
