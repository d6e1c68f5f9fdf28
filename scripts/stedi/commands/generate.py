"""`stedi generate`: synthetic deliveries of any size."""

from __future__ import annotations

from pathlib import Path

import click

from stedi.commands.command import Command, DuckDbTarget
from stedi.synthetic.generator import generate
from stedi.synthetic.personas import Settings
from stedi.target import resolve

DEFAULTS = Settings()


def _landing() -> Path:
    target = resolve("duckdb")
    assert isinstance(target, DuckDbTarget)
    return target.landing


@click.command(cls=Command, context_settings={"show_default": True})
@click.option(
    "--root",
    type=click.Path(file_okay=False, path_type=Path),
    show_default="the landing zone of the duckdb target",
    help="Folder to write: a new one, or an empty one.",
)
@click.option("--people", type=click.IntRange(1), default=DEFAULTS.people, help="People.")
@click.option("--days", type=click.IntRange(1), default=DEFAULTS.days, help="Ingest dates.")
@click.option(
    "--readings-per-person",
    type=click.IntRange(1),
    default=DEFAULTS.readings_per_person,
    help="Accelerometer readings; distance readings are a third of them, as in the real data.",
)
@click.option("--seed", type=int, default=DEFAULTS.seed, help="Another seed, other deliveries.")
@click.option(
    "--bad-share",
    type=click.FloatRange(0, 1, max_open=True),
    default=DEFAULTS.bad_share,
    help="Share of bad lines, beside those of people who withdraw in one.",
)
def main(
    root: Path | None,
    people: int,
    days: int,
    readings_per_person: int,
    seed: int,
    bad_share: float,
) -> None:
    """Write synthetic deliveries.

    The same options always give the same files.
    """
    settings = Settings(people, days, readings_per_person, seed, bad_share)
    root = root or _landing()
    lines = generate(settings, root, progress=True)
    counts = ", ".join(f"{source}: {number:,} lines" for source, number in lines.items())
    click.echo(f"{root}: {days} days from {settings.dates[0]}, {counts}")
