"""`stedi generate`: synthetic deliveries of any size."""

from __future__ import annotations

from pathlib import Path

import click

from stedi.commands.command import Command, DuckDbTarget
from stedi.synthetic.expectation import Expectation
from stedi.synthetic.generator import EXPECTED, generate
from stedi.synthetic.personas import Settings
from stedi.target import resolve

DEFAULTS = Settings()


def _describe(settings: Settings, expectation: Expectation, root: Path) -> str:
    lines = [
        f"{source}: {sum(day['landed'] for day in days.values()):,} lines"
        for source, days in expectation.landing.items()
    ]
    return f"{root}: {len(settings.dates)} days from {settings.dates[0]}, " + ", ".join(lines)


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
    help="Share of lines that must be rejected.",
)
def main(
    root: Path | None,
    people: int,
    days: int,
    readings_per_person: int,
    seed: int,
    bad_share: float,
) -> None:
    """Write synthetic deliveries and the counts that a build must come to.

    The same options always give the same files.
    """
    settings = Settings(people, days, readings_per_person, seed, bad_share)
    root = root or _landing()
    expectation = generate(settings, root, progress=True)
    click.echo(_describe(settings, expectation, root))
    click.echo(f"Expected counts: {root / EXPECTED}")
