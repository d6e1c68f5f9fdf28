"""Compaction replaces a DuckDB file by one without deleted rows, whatever interrupts it."""

from __future__ import annotations

import multiprocessing
import os
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
    killed(database, lambda connection: connection.execute("insert into t values (10, 'row 10')"))
    assert database.with_name(f"{database.name}.wal").stat().st_size > 0
    compacted(database)
    assert rows(database) == [*ROWS, (10, "row 10")]


def test_a_link_to_the_file_remains_a_link(database: Path, tmp_path: Path) -> None:
    link = tmp_path / "linked.duckdb"
    link.symlink_to(database)
    compacted(link)
    assert link.is_symlink() and rows(link) == ROWS
    assert database.stat().st_size < 1_000_000


@pytest.mark.parametrize("step", range(7))
def test_a_kill_leaves_the_old_file_or_the_new_one(step: int, database: Path) -> None:
    """Killed before each step that changes a file, and with a build's rows after it."""
    killed(database, lambda connection: at_step(step, connection, database))
    assert rows(database) == ROWS
    with duckdb.connect(database) as connection:
        connection.execute("insert into t values (10, 'row 10')")
    compacted(database)
    assert rows(database) == [*ROWS, (10, "row 10")]
    assert [path.name for path in database.parent.iterdir()] == [database.name]


def test_a_full_disk_leaves_the_old_file(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device", str(database))

    monkeypatch.setattr(os, "fsync", full)
    before = database.read_bytes()
    with pytest.raises(StediError, match=r"No space left on device.*is unchanged"):
        compacted(database)
    assert database.read_bytes() == before
    assert [path.name for path in database.parent.iterdir()] == [database.name]


def killed(path: Path, do: Callable[[duckdb.DuckDBPyConnection], object]) -> None:
    """Does something with a database in a process that then ends as by SIGKILL."""

    def run() -> None:
        connection = duckdb.connect(path)
        do(connection)
        os._exit(9)

    process = multiprocessing.get_context("fork").Process(target=run)
    process.start()
    process.join()
    assert process.exitcode == 9


class Stops:
    """A connection whose process ends before one of its statements."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, left: list[int]) -> None:
        self._connection, self._left = connection, left

    def execute(self, sql: str) -> object:
        countdown(self._left)
        return self._connection.execute(sql)


def countdown(left: list[int]) -> None:
    if left[0] == 0:
        os._exit(9)
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
    ready.wait(30)
    with pytest.raises(
        StediError, match=r"another process has it open \(Conflicting lock .*and run this again"
    ):
        use(database)
    done.set()
    process.join()
