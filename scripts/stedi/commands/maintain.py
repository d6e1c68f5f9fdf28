"""`stedi maintain`: compact the tables."""

from __future__ import annotations

import click

from stedi.commands.command import Command, Target, target_options
from stedi.maintenance.tables import maintain


@click.command(cls=Command)
@target_options
@click.option("--minutes", default=120.0, show_default=True, help="Stop it after so long.")
def main(target: Target, minutes: float) -> None:
    """Compact the tables: afterwards no file holds rows that builds have deleted.

    On Athena it also removes folders that belong to no table, checks that no file was left behind,
    and reports the bytes reclaimed. Old object versions stay in the bucket; `stedi purge` removes
    them.
    """
    maintain(target, minutes, click.echo)
