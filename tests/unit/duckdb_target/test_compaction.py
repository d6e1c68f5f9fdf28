"""Compaction replaces a DuckDB file by one without deleted rows, whatever interrupts it."""

from __future__ import annotations

import multiprocessing
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

import stedi.storage.atomic as atomic
from stedi.duckdb_target.compaction import Sizes, check_free, compact, compact_open
from stedi.errors import StediError


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A database file most of whose rows are deleted; the log has a row that the file lacks."""
    path = tmp_path / "a'b.duckdb"
    with duckdb.connect(path) as connection:
        connection.execute(
            "create table t as select range as n, 'row ' || range as a from range(900000)"
        )
        connection.execute("checkpoint")
        connection.execute("delete from t where n > 9")
    return path


def compacted(path: Path) -> Sizes:
    with duckdb.connect(path) as connection:
        name = connection.execute("select current_database()").fetchone()[0]
        return compact_open(connection, name, path)


def rows(path: Path) -> list[tuple[int, str]]:
    with duckdb.connect(path, read_only=True) as connection:
        return connection.execute("select * from t order by n").fetchall()


ROWS = [(n, f"row {n}") for n in range(10)]


def test_the_file_shrinks_and_keeps_its_rows_and_mode(database: Path) -> None:
    database.chmod(0o640)
    before = database.stat().st_size
    sizes = compacted(database)
    assert sizes == (before, database.stat().st_size) and sizes.after < sizes.before
    assert rows(database) == ROWS
    assert database.stat().st_mode & 0o777 == 0o640
    assert [path.name for path in database.parent.iterdir()] == [database.name]


def test_rows_that_are_only_in_the_log_are_kept(database: Path) -> None:
    insert = "insert into t values (10, 'row 10')"
    assert not killed(database, lambda connection: connection.execute(insert))
    assert database.with_name(f"{database.name}.wal").stat().st_size > 0
    compacted(database)
    assert rows(database) == [*ROWS, (10, "row 10")]


def test_a_link_to_the_file_remains_a_link(database: Path, tmp_path: Path) -> None:
    link = tmp_path / "linked.duckdb"
    link.symlink_to(database)
    compacted(link)
    assert link.is_symlink() and rows(link) == ROWS
    assert database.stat().st_size < 1_000_000


def test_a_kill_leaves_the_old_file_or_the_new_one(database: Path) -> None:
    """Killed before each step that changes a file, and with a build's rows after it."""
    for step in range(100):
        path = database.parent / str(step) / database.name
        path.parent.mkdir()
        shutil.copy(database, path)
        was_killed = killed(path, lambda connection: at_step(step, connection, path))  # noqa: B023
        assert rows(path) == ROWS
        with duckdb.connect(path) as connection:
            connection.execute("insert into t values (10, 'row 10')")
        compacted(path)
        assert rows(path) == [*ROWS, (10, "row 10")]
        assert [each.name for each in path.parent.iterdir()] == [path.name]
        if not was_killed:
            break
    assert 5 < step < 99


def test_a_full_disk_leaves_the_old_file(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device", str(database))

    monkeypatch.setattr(os, "fsync", full)
    before = database.read_bytes()
    with pytest.raises(StediError, match=r"No space left on device.*is unchanged"):
        compacted(database)
    assert database.read_bytes() == before
    assert [path.name for path in database.parent.iterdir()] == [database.name]


KILLED, ENDED = 9, 10


def killed(path: Path, do: Callable[[duckdb.DuckDBPyConnection], object]) -> bool:
    """Does something with a database in a process that ends as by SIGKILL, at the latest when that
    is done. Whether it ended before."""

    def run() -> None:
        connection = duckdb.connect(path)
        do(connection)
        os._exit(ENDED)

    process = multiprocessing.get_context("fork").Process(target=run)
    process.start()
    process.join()
    assert process.exitcode in (KILLED, ENDED)
    return process.exitcode == KILLED


class Stops:
    """A connection whose process ends before one of its statements."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, left: list[int]) -> None:
        self._connection, self._left = connection, left

    def execute(self, sql: str) -> object:
        countdown(self._left)
        return self._connection.execute(sql)


def countdown(left: list[int]) -> None:
    if left[0] == 0:
        os._exit(KILLED)
    left[0] -= 1


def at_step(step: int, connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Compacts, and ends before the statement or, after those, the syncing or renaming `step`."""
    name = connection.execute("select current_database()").fetchone()[0]
    left = [step]
    sync, replace = atomic.sync, Path.replace
    atomic.sync = lambda path: (countdown(left), sync(path))
    Path.replace = lambda *paths: (countdown(left), replace(*paths))
    compact_open(Stops(connection, left), name, path)


def test_a_database_that_is_not_open_elsewhere_is_compacted(database: Path) -> None:
    before = database.stat().st_size
    compact(database)
    assert database.stat().st_size < before
    assert rows(database) == ROWS


def test_a_missing_database_is_left_alone(tmp_path: Path) -> None:
    compact(tmp_path / "none.duckdb")
    check_free(tmp_path / "none.duckdb")
    assert [*tmp_path.iterdir()] == []


@pytest.mark.parametrize("use", [check_free, compact])
def test_a_database_that_another_process_has_open_is_refused(
    use: Callable[[Path], None], database: Path
) -> None:
    ready, done = multiprocessing.Event(), multiprocessing.Event()

    def hold() -> None:
        with duckdb.connect(database):
            ready.set()
            done.wait(30)

    process = multiprocessing.get_context("fork").Process(target=hold)
    process.start()
    assert ready.wait(30)
    with pytest.raises(
        StediError, match=r"another process has it open \(Conflicting lock .*and run this again"
    ):
        use(database)
    done.set()
    process.join()
    assert process.exitcode == 0
