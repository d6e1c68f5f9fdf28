"""How long a whole `dbt run` takes, beside the same joins written by hand: `make bench`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import click

from bounds import Verdict, verdicts
from contenders import CONTENDERS, Command, database, dbt, environment, fresh
from correctness import differences
from deliveries import HARDEST, Zone, zone
from machine import machine
from measure import MIB, Failed, Measure, best, run
from options import numbers_of
from project import FOLDER, PROJECT

HEADINGS = ("size", "readings", "dbt s", "hand s", "ratio", "parse s",
            "dbt cpu s", "hand cpu s", "dbt MiB", "hand MiB", "parse MiB")  # fmt: skip
Contender = Callable[[Path, Path], Command]


def measure(name: str, contender: Contender, landing: Path, work: Path) -> Measure:
    """Runs one contender in a folder of its own."""
    command = contender(landing, fresh(work / name.replace(" ", "-")))
    log = work / f"{name.replace(' ', '-')}.log"
    return run(command.arguments, environment(command), PROJECT, log)


def check(zone: Zone, work: Path) -> None:
    """Raises Failed where dbt's last run did not make what is expected of ordinary people."""
    wrong = differences(database(work / "dbt"), zone.expected())
    if wrong:
        raise Failed(f"{zone.root} came out wrong: " + "; ".join(wrong))


def compare(zone: Zone, work: Path, repeat: int) -> dict[str, Measure]:
    """Runs the contenders by turns and returns the best of each."""
    rounds = []
    with click.progressbar(range(repeat), label=zone.root.name, file=sys.stderr) as bar:
        for _ in bar:
            rounds.append(
                {
                    name: measure(name, contender, zone.root, work)
                    for name, contender in CONTENDERS.items()
                }
            )
            check(zone, work)
    return {name: best(each[name] for each in rounds) for name in CONTENDERS}


def row(times: int, zone: Zone, measures: dict[str, Measure]) -> tuple[str, ...]:
    """A line of the table, as texts in the order of HEADINGS."""
    by_dbt, by_hand, parsed = (measures[name] for name in CONTENDERS)
    return (
        f"{times}x",
        f"{zone.readings:,}",
        *(f"{m.seconds:.2f}" for m in (by_dbt, by_hand)),
        f"{by_dbt.seconds / by_hand.seconds:.1f}",
        *(f"{m:.2f}" for m in (parsed.seconds, by_dbt.processor, by_hand.processor)),
        *(f"{m.peak / MIB:.0f}" for m in (by_dbt, by_hand, parsed)),
    )


def table(rows: list[tuple[str, ...]]) -> str:
    """The rows below the headings, right-aligned."""
    widths = [max(map(len, column)) for column in zip(HEADINGS, *rows, strict=True)]
    return "\n".join(
        "  ".join(text.rjust(width) for text, width in zip(line, widths, strict=True))
        for line in (HEADINGS, *rows)
    )


def hardest(folder: Path, times: int) -> str:
    """What dbt makes of deliveries in which nearly every file has bad lines and odd forms."""
    deliveries = zone(folder, times, HARDEST)
    found = measure("dbt", dbt, deliveries.root, folder / "work")
    return (
        f"No bound, for comparison: dbt at {times}x with {HARDEST.bad_share:.0%} bad lines, "
        f"duplicates and every habit of old apps, run once: {found.seconds:.2f} s, "
        f"{found.peak / MIB:.0f} MiB"
    )


def judge_nights(folder: Path) -> list[Verdict]:
    """The bounds of a year's nights, once the rest is measured."""
    from year import RESULTS, Plan, judge_year  # its memory is not to be that of the others

    return judge_year(Plan(), folder, RESULTS)


@click.command(context_settings={"show_default": True})
@click.option(
    "--sizes",
    default="1,10,100",
    help="How many times the real data, with commas. Bounds are judged at 1 and 100.",
)
@click.option("--repeat", type=click.IntRange(1), default=3, help="Runs of each.")
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=FOLDER,
    help="Where the deliveries are kept from one benchmark to the next (1.2 GB at 100 times).",
)
@click.option("--hard/--no-hard", default=True, help="Also bad lines, at the largest size, once.")
@click.option("--year/--no-year", default=True, help="Also the nights of a year, see year.py.")
def main(sizes: str, repeat: int, folder: Path, hard: bool, year: bool) -> None:
    """Measure `dbt run` on data of the real data's shape, beside a plain DuckDB script.

    Each is a whole process on a new database file, by turns; the table has the least seconds of
    all its runs, by the clock and of processor, and the highest peak of resident memory.
    """
    chosen = numbers_of(sizes, "sizes")
    folder = folder.resolve()
    click.echo(machine())
    try:
        zones = {times: zone(folder, times) for times in chosen}
        results = {times: compare(zones[times], folder / "work", repeat) for times in chosen}
        click.echo(f"\n{table([row(times, zones[times], results[times]) for times in chosen])}")
        click.echo(
            f"\nSeconds are the least of {repeat} runs by turns, MiB the highest. "
            "Every dbt run came out as expected."
        )
        if hard:
            click.echo(hardest(folder, chosen[-1]))
        nights = judge_nights(folder / "year") if year else []
    except (Failed, OSError, RuntimeError) as error:
        raise click.ClickException(str(error)) from error
    click.echo()
    judged = [*verdicts(results), *nights]
    for verdict in judged:
        click.echo(verdict)
    sys.exit(any(verdict.missed for verdict in judged))


if __name__ == "__main__":
    main()
