"""Maintenance on DuckDB: rows that a build deleted are in the file, and after it no more."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

import stedi.duckdb_target.compaction as duckdb_file
from stedi.duckdb_target.compaction import Compacted, NotCompacted, compact
from stedi.synthetic.personas import DAY, START
from support.duckdb_tables import file_of, texts_in, unpack
from support.lakehouse import Lakehouse, customer_id
from support.withdrawal import ANN, TRUSTED_AND_CURATED, deliver, rows_of

WITHDRAWN = ANN._replace(last_update=START + DAY)
ID, EMAIL = customer_id(ANN.email), ANN.email


@pytest.fixture
def lakehouse(tmp_path: Path) -> Lakehouse:
    """One in whose file nothing is packed."""
    lakehouse = Lakehouse(tmp_path)
    unpack(lakehouse)
    return lakehouse


def maintain(lakehouse: Lakehouse, *arguments: str) -> None:
    result = lakehouse.dbt("run-operation", "maintain", *arguments)
    assert result.success, result.errors


def in_file(lakehouse: Lakehouse, text: str) -> int:
    """How often a text stands in the bytes of the database file."""
    return file_of(lakehouse).count(text.encode())


def in_rows(lakehouse: Lakehouse, text: str) -> int:
    """How often it stands in the rows of all tables."""
    return texts_in(lakehouse).count(text)


def test_who_withdrew_is_in_the_file_as_often_as_in_staging_alone(measured: Lakehouse) -> None:
    deliver(measured, 2, WITHDRAWN)
    before = measured.tables()
    assert in_file(measured, ID) > in_rows(measured, ID)  # as the search can find it
    assert in_file(measured, EMAIL) > in_rows(measured, EMAIL)

    maintain(measured)

    assert rows_of(measured, ANN) == dict.fromkeys(TRUSTED_AND_CURATED, 0)
    assert in_file(measured, ID) == in_rows(measured, ID) > 0
    assert in_file(measured, EMAIL) == in_rows(measured, EMAIL) > 0
    assert measured.tables() == before


def test_who_is_in_no_delivery_any_more_is_nowhere_in_the_file(measured: Lakehouse) -> None:
    who = {"customer_id": ID, "email": EMAIL, "serial number": ANN.serial_number}
    for path in measured.landing.rglob("*.json"):
        lines = path.read_text().splitlines(keepends=True)
        kept = [line for line in lines if not any(value in line for value in who.values())]
        path.write_text("".join(kept))
    file_of(measured)  # else its rows would be in the log alone, and never come into the file
    assert measured.dbt("build", "--full-refresh").success
    assert in_rows(measured, ID) == in_rows(measured, EMAIL) == 0
    assert all(in_file(measured, text) for text in who.values())

    maintain(measured)

    content = measured.database.read_bytes()
    assert [what for what, text in who.items() if text.encode() in content] == []


def test_it_tells_what_it_reclaimed_and_a_build_after_it_is_a_normal_night(
    measured: Lakehouse, capfd: pytest.CaptureFixture[str]
) -> None:
    before = comments(measured)
    assert len(before) > 100
    file_of(measured)
    assert measured.dbt("build", "--full-refresh").success
    size = len(file_of(measured))
    capfd.readouterr()
    maintain(measured)
    told = capfd.readouterr().out
    after = measured.database.stat().st_size
    assert f"{size - after:,} bytes reclaimed: the file had {size:,} and has {after:,}." in told
    assert after < size
    assert comments(measured) == before

    deliver(measured, 2, WITHDRAWN)
    assert whole_builds(measured) == [True, True, False]


def comments(lakehouse: Lakehouse) -> list[tuple[str, str]]:
    """What tables, views and columns are described as."""
    return lakehouse.query(
        "select table_name as name, comment from duckdb_tables() where comment is not null "
        "union all select view_name, comment from duckdb_views() where comment is not null "
        "union all select column_name, comment from duckdb_columns() where comment is not null "
        "order by all"
    )


def test_maintenance_that_is_noted_is_no_build_that_broke_off(measured: Lakehouse) -> None:
    """As it is noted where builds may overlap; with another consent_scope, which it does not use."""
    with duckdb.connect(measured.database) as connection:
        for status in ("maintaining", "ended"):
            connection.execute(
                "insert into stedi_audit.builds (build_id, status, happened_at, consent_scope, "
                f"is_whole) select 'm', '{status}', max(happened_at) + interval 1 second, 'any_time', "
                "false from stedi_audit.builds"
            )
    deliver(measured, 2, WITHDRAWN)
    assert whole_builds(measured) == [True, False]
    assert rows_of(measured, ANN) == dict.fromkeys(TRUSTED_AND_CURATED, 0)


def whole_builds(lakehouse: Lakehouse) -> list[bool]:
    """Of each completed build, in their order, whether it made every table anew."""
    sql = "select is_whole from stedi_audit.builds where status = 'completed' order by happened_at"
    return [whole for (whole,) in lakehouse.query(sql)]


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


def compacted(path: Path) -> Compacted:
    with duckdb.connect(path) as connection:
        name = connection.execute("select current_database()").fetchone()[0]
        return compact(connection, name, path)


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


def test_what_is_in_the_log_alone_is_kept(database: Path) -> None:
    killed(database, lambda connection: connection.execute("insert into t values (10, 'row 10')"))
    assert duckdb_file.size_of(database.with_name(f"{database.name}.wal")) > 0
    compacted(database)
    assert rows(database) == [*ROWS, (10, "row 10")]


def test_a_link_to_the_file_stays_one(database: Path, tmp_path: Path) -> None:
    link = tmp_path / "linked.duckdb"
    link.symlink_to(database)
    compacted(link)
    assert link.is_symlink() and rows(link) == ROWS
    assert database.stat().st_size < 1_000_000


@pytest.mark.parametrize("step", range(7))
def test_killed_anywhere_it_leaves_the_old_file_or_the_new_one(step: int, database: Path) -> None:
    """Killed before each step that changes a file, and with a build's rows after it."""
    killed(database, lambda connection: at_step(step, connection, database))
    assert rows(database) == ROWS
    with duckdb.connect(database) as connection:
        connection.execute("insert into t values (10, 'row 10')")
    compacted(database)
    assert rows(database) == [*ROWS, (10, "row 10")]
    assert [path.name for path in database.parent.iterdir()] == [database.name]


def test_a_disk_without_room_leaves_the_old_file(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device", str(database))

    monkeypatch.setattr(os, "fsync", full)
    before = database.read_bytes()
    with pytest.raises(NotCompacted, match="No space left on device.*stays as it was"):
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
    sync, replace = duckdb_file.sync, os.replace
    duckdb_file.sync = lambda path: (countdown(left), sync(path))
    os.replace = lambda *paths: (countdown(left), replace(*paths))
    compact(Stops(connection, left), name, path)
