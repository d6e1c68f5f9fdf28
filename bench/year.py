"""What a night costs as a year goes by: `python bench/year.py`, which `make bench` runs too."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import click

import night_bounds
import night_page
import nights_duckdb
from bounds import Verdict
from contenders import fresh
from history import Shape
from machine import machine
from measure import Failed
from nights import Year
from options import numbers_of
from project import FOLDER, PROJECT

sys.path.append(str(PROJECT / "tests"))  # the local Athena's

RESULTS = PROJECT / "docs"
ENGINES = ("duckdb", "athena")
KEY = "the-key-of-the-benchmark-which-is-no-secret"
Tell = Callable[[str], object]


@dataclass(frozen=True)
class Plan:
    """What to measure: days of history, and the day's readings on either engine.

    Athena's day is smaller, for it is bytes that are measured there, and Trino takes its time.
    sizes: readings of the days that are compared on DuckDB. engines: which of ENGINES.
    """

    histories: tuple[int, ...] = (1, 30, 120, 365)
    people: int = 1000
    readings: int = 54_000
    athena_readings: int = 11_000
    sizes: tuple[int, ...] = (100_000, 1_000_000, 8_000_000)
    repeat: int = 3
    engines: tuple[str, ...] = ENGINES


def measure_year(plan: Plan, folder: Path, tell: Tell) -> Year:
    """Measures all of it in `folder`, which is emptied. Raises Failed."""
    year = Year()
    fresh(folder)
    # First DuckDB: a process starts with the peak of the one that starts it, and Athena's is large.
    if "duckdb" in plan.engines:
        _measure_duckdb(plan, folder, year, tell)
    if "athena" in plan.engines:
        _measure_athena(plan, folder / "athena", year, tell)
    return year


def _measure_duckdb(plan: Plan, folder: Path, year: Year, tell: Tell) -> None:
    shape = Shape(plan.people, plan.readings)
    for days, took in nights_duckdb.by_history(
        folder / "duckdb", shape, plan.histories, plan.repeat
    ):
        year.duckdb[days] = took
        tell(f"DuckDB, night after {days} days: {took.night.seconds:.1f} s")
    for readings, took in nights_duckdb.by_size(folder / "sizes", plan.sizes):
        year.sizes[readings] = took
        tell(f"DuckDB, night of {readings:,} readings: {took.night.seconds:.1f} s")


def _measure_athena(plan: Plan, folder: Path, year: Year, tell: Tell) -> None:
    import nights_athena
    from athena_local import trino
    from athena_local.local import running

    if reason := trino.missing():
        tell(f"Athena is not measured: {reason}")
        return
    shape = Shape(plan.people, plan.athena_readings)
    with running(KEY) as local:
        for days, scanned, changes in nights_athena.by_history(
            local, folder, shape, plan.histories
        ):
            year.athena[days] = scanned
            year.changes.update(changes)
            tell(f"Athena, night after {days} days: {scanned.night.all:,} bytes scanned")


def write(year: Year, on: str, judged: list[Verdict], results: Path) -> None:
    """Writes the page, its chart, and the figures that both are made of. on: the machine."""
    import night_chart  # only now, for a process that is measured starts with the memory of this

    results.mkdir(parents=True, exist_ok=True)
    figures = json.dumps(asdict(year), indent=1) + "\n"
    (results / "nightly.json").write_text(figures, encoding="utf-8")
    page = night_page.page(year, on, judged)
    (results / "nightly.md").write_text(page, encoding="utf-8")
    (results / night_page.CHART).write_text(night_chart.chart(year), encoding="utf-8")


def judge_year(plan: Plan, folder: Path, results: Path) -> list[Verdict]:
    """Measures, writes the results and returns the bounds. Raises Failed."""
    on, start = machine(), time.monotonic()
    year = measure_year(plan, folder, lambda line: click.echo(line, err=True))
    judged = night_bounds.verdicts(year)
    write(year, f"{on}, in {(time.monotonic() - start) / 60:.0f} minutes", judged, results)
    click.echo(f"A year's nights: {results / 'nightly.md'}")
    return judged


DEFAULTS = Plan()


def commas(numbers: tuple[int, ...]) -> str:
    """As numbers_of reads them."""
    return ",".join(map(str, numbers))


@click.command(context_settings={"show_default": True})
@click.option(
    "--days",
    default=commas(DEFAULTS.histories),
    help="Days of history, with commas. Bounds are judged at 30 and 365.",
)
@click.option("--people", type=click.IntRange(1), default=DEFAULTS.people)
@click.option(
    "--readings", type=click.IntRange(1), default=DEFAULTS.readings, help="A day's, on DuckDB."
)
@click.option(
    "--athena-readings",
    type=click.IntRange(1),
    default=DEFAULTS.athena_readings,
    help="A day's, on the local Athena.",
)
@click.option(
    "--sizes", default=commas(DEFAULTS.sizes), help="Readings of a day, with commas, on DuckDB."
)
@click.option("--repeat", type=click.IntRange(1), default=DEFAULTS.repeat, help="Nights on DuckDB.")
@click.option(
    "--on", "engine", type=click.Choice(ENGINES), help="One engine alone.  [default: both]"
)
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=FOLDER / "year",
    help="Where it is measured; it is emptied first (some 10 GB).",
)
@click.option(
    "--results",
    type=click.Path(file_okay=False, path_type=Path),
    default=RESULTS,
    help="Where nightly.md, nightly.svg and nightly.json are written.",
)
def main(
    days: str,
    people: int,
    readings: int,
    athena_readings: int,
    sizes: str,
    repeat: int,
    engine: str | None,
    folder: Path,
    results: Path,
) -> None:
    """Measure the nightly build after 1, 30, 120 and 365 days of equal size, on both engines."""
    plan = Plan(
        numbers_of(days, "days"),
        people,
        readings,
        athena_readings,
        numbers_of(sizes, "sizes"),
        repeat,
        (engine,) if engine else ENGINES,
    )
    try:
        judged = judge_year(plan, folder.resolve(), results)
    except (Failed, OSError, RuntimeError, ValueError) as error:
        raise click.ClickException(str(error)) from error
    for verdict in judged:
        click.echo(verdict)
    sys.exit(any(verdict.missed for verdict in judged))


if __name__ == "__main__":
    main()
