"""What a night costs as a year goes by: `python bench/year.py`, which `make bench` runs too."""

from __future__ import annotations

import json
import os
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
# Told each figure as it is measured, and the year so far.
Tell = Callable[[str, Year], object]


@dataclass(frozen=True)
class Plan:
    """What to measure: days of history, and a day's readings.

    sizes: readings of the days that are compared on DuckDB. engines: which of ENGINES.
    """

    histories: tuple[int, ...] = (1, 30, 120, 365)
    people: int = 1000
    readings: int = 54_000
    sizes: tuple[int, ...] = (100_000, 1_000_000, 8_000_000)
    repeat: int = 3
    engines: tuple[str, ...] = ENGINES


def measure_year(plan: Plan, folder: Path, tell: Tell) -> Year:
    """Measures all of it in `folder`, which is emptied. Raises Failed."""
    year = Year()
    fresh(folder)
    for engine, measure in (("duckdb", _measure_duckdb), ("athena", _measure_athena)):
        if engine in plan.engines:
            on, start = machine(), time.monotonic()
            measure(plan, folder / engine, year, tell)
            year.measured[engine] = f"{on}, in {(time.monotonic() - start) / 60:.0f} minutes"
    return year


def with_the_other_engine(year: Year, results: Path) -> Year:
    """The year with the figures of an earlier run for the engine that was not measured in it, if
    they are of the same kind."""
    try:
        before = Year.of(json.loads((results / "nightly.json").read_text(encoding="utf-8")))
    except (FileNotFoundError, KeyError, TypeError):
        before = Year()
    return Year(
        year.athena or before.athena,
        year.changes or before.changes,
        year.duckdb or before.duckdb,
        year.sizes or before.sizes,
        before.measured | year.measured,
    )


def _measure_duckdb(plan: Plan, folder: Path, year: Year, tell: Tell) -> None:
    shape = Shape(plan.people, plan.readings)
    for days, took in nights_duckdb.by_history(
        folder / "nights", shape, plan.histories, plan.repeat
    ):
        year.duckdb[days] = took
        tell(f"DuckDB, night after {days} days: {took.night.seconds:.1f} s", year)
    for readings, took in nights_duckdb.by_size(folder / "sizes", plan.sizes):
        year.sizes[readings] = took
        tell(f"DuckDB, night of {readings:,} readings: {took.night.seconds:.1f} s", year)


def _measure_athena(plan: Plan, folder: Path, year: Year, tell: Tell) -> None:
    # A query may take a third of it, and a test of a year's history groups 20 million readings.
    os.environ.setdefault("LOCAL_ATHENA_HEAP", "14G")
    import nights_athena
    from local_athena import trino
    from support.athena.local import LocalLakehouse

    if reason := trino.missing():
        tell(f"Athena is not measured: {reason}", year)
        return
    shape = Shape(plan.people, plan.readings)
    with LocalLakehouse(KEY) as local:
        for days, scanned, changes in nights_athena.by_history(
            local, folder, shape, plan.histories
        ):
            year.athena[days] = scanned
            year.changes.update(changes)
            tell(f"Athena, night after {days} days: {scanned.night.all:,} bytes scanned", year)


def write(year: Year, judged: list[Verdict], results: Path) -> None:
    """Writes the page, its chart, and the figures that both are made of."""
    import night_chart  # only now, for a process that is measured starts with the memory of this

    write_figures(year, results)
    page = night_page.page(year, judged)
    (results / "nightly.md").write_text(page, encoding="utf-8")
    (results / night_page.CHART).write_text(night_chart.chart(year), encoding="utf-8")


def write_figures(year: Year, results: Path) -> None:
    """Writes what was measured, as JSON."""
    results.mkdir(parents=True, exist_ok=True)
    figures = json.dumps(asdict(year), indent=1) + "\n"
    (results / "nightly.json").write_text(figures, encoding="utf-8")


def judge_year(plan: Plan, folder: Path, results: Path) -> list[Verdict]:
    """Measures, writes the results and returns the bounds. Raises Failed.

    The figures are written as they come: a run that is broken off has not been for nothing.
    """

    def tell(line: str, year: Year) -> None:
        click.echo(line, err=True)
        write_figures(with_the_other_engine(year, results), results)

    year = with_the_other_engine(measure_year(plan, folder, tell), results)
    judged = night_bounds.verdicts(year)
    write(year, judged, results)
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
@click.option("--readings", type=click.IntRange(1), default=DEFAULTS.readings, help="A day's.")
@click.option(
    "--sizes", default=commas(DEFAULTS.sizes), help="Readings of a day, with commas, on DuckDB."
)
@click.option("--repeat", type=click.IntRange(1), default=DEFAULTS.repeat, help="Nights on DuckDB.")
@click.option("--on", "engine", type=click.Choice(ENGINES), help="One alone.  [default: both]")
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
