"""`stedi generate`: synthetic deliveries of any size."""

from __future__ import annotations

from pathlib import Path

import click

from stedi.commands.command import Command
from stedi.synthetic.expectation import Expectation
from stedi.synthetic.generator import EXPECTED, generate
from stedi.synthetic.personas import Settings


def _describe(settings: Settings, expectation: Expectation, root: Path) -> str:
    lines = [
        f"{source}: {sum(day['landed'] for day in days.values()):,} lines"
        for source, days in expectation.landing.items()
    ]
    return f"{root}: {len(settings.dates)} days from {settings.dates[0]}, " + ", ".join(lines)


DEFAULTS = Settings()


@click.command(cls=Command, context_settings={"show_default": True})
@click.option(
    "--root",
    type=click.Path(file_okay=False, path_type=Path),
    envvar="STEDI_LANDING",
    default="landing",
    help="Landing root to write: a new folder, or an empty one.",
)
@click.option("--people", type=click.IntRange(1), default=DEFAULTS.people)
@click.option("--days", type=click.IntRange(1), default=DEFAULTS.days)
@click.option(
    "--readings-per-person",
    type=click.IntRange(1),
    default=DEFAULTS.readings_per_person,
    help="Accelerometer readings; distances are some third of that, as in the real data.",
)
@click.option("--seed", type=int, default=DEFAULTS.seed)
@click.option(
    "--bad-share",
    type=click.FloatRange(0, 1, max_open=True),
    default=DEFAULTS.bad_share,
    help="Share of the lines that no record can be read from.",
)
def main(root: Path, **options: int | float) -> None:
    """Write synthetic deliveries, a function of the options alone, and their expected counts."""
    settings = Settings(**options)
    expectation = generate(settings, root, progress=True)
    click.echo(_describe(settings, expectation, root))
    click.echo(f"Expected counts: {root / EXPECTED}")
