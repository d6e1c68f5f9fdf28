"""`stedi demo`: fills the landing zone of the duckdb target, for `make run`."""

from __future__ import annotations

from pathlib import Path

import click

from stedi.commands.command import AthenaTarget, Command, Target, target_options
from stedi.errors import UsageError
from stedi.landing.files import landed_files
from stedi.landing.plan import land_all, today
from stedi.landing.zones import Zone
from stedi.layout import ENTITIES
from stedi.synthetic.generator import generate
from stedi.synthetic.personas import Settings


@click.command(cls=Command)
@click.option(
    "--from",
    "folder",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Folder of deliveries, with a folder for each entity.  [default: synthetic ones]",
)
@target_options
def main(folder: Path | None, target: Target) -> None:
    """Land a folder's deliveries, or synthetic ones if nothing has landed yet."""
    if isinstance(target, AthenaTarget):
        raise UsageError("on Athena, land files with `stedi land --target athena`")
    root = target.landing
    if folder:
        landed = land_all(Zone(target.storage), folder, today(), target.is_rewritten)
        click.echo(f"{root}: {landed} files landed")
    elif not any(landed_files(root, entity) for entity in ENTITIES):
        generate(Settings(), root, progress=True)
        click.echo(f"{root}: synthetic deliveries generated")
