"""The same deliveries through both engines, and every table of the two compared."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import click
import duckdb

from local_athena.stopping import Stopped, stoppable
from stedi.commands.text import aligned
from stedi.landing.plan import land_all
from stedi.landing.zones import Zone
from stedi.storage.folder import FolderStorage
from stedi.synthetic.generator import generate
from stedi.synthetic.personas import Settings
from support.athena.local import LocalLakehouse, Result

KEY = "the-key-of-a-comparison-which-is-no-secret"
LANDED_ON = "2024-01-01"  # of deliveries that have no date of their own
WITHOUT_TESTS = ("--exclude-resource-type", "test", "--exclude-resource-type", "unit_test")

Rows = Counter[tuple[Any, ...]]
# Columns that no other build can have alike.
OF_A_BUILD = (
    "build_id", "noted_at", "readable_from", "readable_until", "in_force_at", "hours_to_effect",
)  # fmt: skip


@dataclass
class Compared:
    """A table of both engines; `only_*` are the rows that the other one lacks."""

    table: str
    duckdb: int
    athena: int
    only_duckdb: Rows
    only_athena: Rows

    @property
    def differing(self) -> int:
        return self.only_duckdb.total() + self.only_athena.total()


def build_both(
    local: LocalLakehouse,
    landing: Path,
    *arguments: str,
    tests: bool = False,
    show: Callable[[str], object] = lambda _: None,
) -> tuple[Path, Result]:
    """Lands a landing root and builds it on both engines, on Athena with tests if wanted.

    show: is given each line of dbt's output at once. Returns DuckDB's database, and what the build
    on Athena came to. Raises RuntimeError.
    """
    database = local.folder / "lakehouse.duckdb"
    database.unlink(missing_ok=True)
    local.land(landing, closed=True)
    result = rebuild_both(local, landing, database, *arguments, tests=tests, show=show)
    return database, result


def rebuild_both(
    local: LocalLakehouse,
    landing: Path,
    database: Path,
    *arguments: str,
    tests: bool = False,
    show: Callable[[str], object] = lambda _: None,
) -> Result:
    """Builds again what was landed, or a part of it. Raises RuntimeError."""
    places = local.offline(landing, database)
    without = ("build", *WITHOUT_TESTS, *arguments)
    offline = local.dbt(*without, target="duckdb", show=show, **places)
    with_tests = ("build", *arguments) if tests else without
    on_athena = local.dbt(*with_tests, target="athena", show=show)
    for result in (offline, on_athena):
        if not result.success:
            raise RuntimeError(result.output)
    return on_athena


def compare(local: LocalLakehouse, database: Path) -> Iterator[Compared]:
    """Each table of the two lakehouses, all rows and columns, in no order.

    A column that only one of them has counts as a difference of every row.
    """
    with duckdb.connect(database, read_only=True) as connection:
        for name in _tables(connection):
            offline = _without_its_build(_of_duckdb(connection, name))
            real = _without_its_build(of_trino(local, name))
            yield Compared(name, offline.total(), real.total(), offline - real, real - offline)


def _tables(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """All but the one that says when there was a build."""
    return [
        name
        for (name,) in connection.execute(
            "select table_schema || '.' || table_name from information_schema.tables "
            "where table_name != 'builds' order by 1"
        ).fetchall()
    ]


def _without_its_build(rows: Rows) -> Rows:
    """The rows without the columns that say which build noted them, and when."""
    found = Rows()
    for row, times in rows.items():
        found[tuple(cell for cell in row if cell[0] not in OF_A_BUILD)] += times
    return found


def _of_duckdb(connection: duckdb.DuckDBPyConnection, name: str) -> Rows:
    cursor = connection.execute(f"select * from {name}")
    columns = [column[0] for column in cursor.description]
    return _rows(columns, cursor.fetchall())


def of_trino(local: LocalLakehouse, name: str) -> Rows:
    """All rows of a table `schema.name`. Raises QueryFailed."""
    answer = local.trino.query(f"select * from {name}")
    columns = [column for column, _ in answer.columns]
    kinds = [kind for _, kind in answer.columns]
    return _rows(
        columns, ([_value(*c) for c in zip(row, kinds, strict=True)] for row in answer.rows)
    )


def _rows(columns: list[str], rows: Any) -> Rows:
    order = sorted(range(len(columns)), key=columns.__getitem__)
    return Counter(tuple((columns[i], _plain(row[i])) for i in order) for row in rows)


def _value(cell: Any, kind: str) -> Any:
    """A cell of Trino's, which has JSON's types, as Python's own."""
    if cell is None:
        return None
    if kind.startswith("timestamp"):
        return datetime.fromisoformat(cell)
    if kind == "date":
        return date.fromisoformat(cell)
    return float(cell) if kind == "double" else cell


def _plain(value: Any) -> Any:
    """A double as its digits, for which NaN equals NaN and -0.0 is not 0.0."""
    return repr(value) if isinstance(value, float) else value


def report(compared: list[Compared]) -> Iterator[str]:
    """A line for each table, and their sum."""
    yield from aligned(
        [(c.table, "duckdb", c.duckdb, "athena", c.athena, "differ", c.differing) for c in compared]
    )
    rows, differing = sum(c.duckdb for c in compared), sum(c.differing for c in compared)
    yield f"{len(compared)} tables, {rows:,} rows, {differing:,} differ"


def land(folder: Path | None, landing: Path) -> None:
    """Lands the deliveries in `folder`/<entity>/ as they are, or synthetic ones."""
    if folder is None:
        generate(Settings(), landing, progress=False)
    elif any(folder.glob("*/landing/ingest_date=*")):
        shutil.copytree(folder, landing, dirs_exist_ok=True)
    else:
        land_all(Zone(FolderStorage(landing)), folder, LANDED_ON)


from_option = click.option(
    "--from",
    "folder",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Deliveries, in a folder an entity, or a landing root.  [default: make synthetic ones]",
)


@click.command()
@from_option
@click.option("--vars", "variables", help="dbt's vars, as YAML.")
def main(folder: Path | None, variables: str | None) -> None:
    """Build the same deliveries on both engines, and say for each table how many rows differ."""
    given = ("--vars", variables) if variables else ()
    try:
        with (
            stoppable(),
            LocalLakehouse(KEY, report=click.echo) as local,
            tempfile.TemporaryDirectory(dir=local.folder) as temporary,
        ):
            landing = Path(temporary) / "landing"
            land(folder, landing)
            database, _ = build_both(local, landing, *given, show=click.echo)
            compared = list(compare(local, database))
    except Stopped:
        raise click.ClickException("stopped before the two were compared") from None
    except RuntimeError as error:
        raise click.ClickException(str(error)) from error
    for line in report(compared):
        click.echo(line)
    sys.exit(any(c.differing for c in compared))


if __name__ == "__main__":
    main()
