"""Fill the landing zone for `make run`: from a folder of deliveries, or with synthetic ones."""

from __future__ import annotations

from pathlib import Path

import click

from generate_landing import generate
from land import clear_errors, land, make_plan, today
from landing_files import ENTITIES, SUFFIXES, is_hidden, landed_files
from landing_zones import Delivery, LocalZone
from personas import Settings


def deliveries(folder: Path) -> dict[str, list[Path]]:
    """The files to land of each entity, in `folder`/<entity>/.

    Raises click.ClickException where there is none at all.
    """
    found = {
        entity: sorted(
            path for path in (folder / entity).glob("*")
            if path.name.endswith(SUFFIXES) and not is_hidden(path)
        )
        for entity in ENTITIES
    }  # fmt: skip
    if not any(found.values()):
        raise click.ClickException(
            f"{folder}: no deliveries. Files that end in {', '.join(SUFFIXES)} are looked for in "
            + ", ".join(f"{folder / entity}" for entity in ENTITIES)
        )
    return found


def land_all(zone: LocalZone, folder: Path, date: str) -> int:
    """Land what has not landed yet; returns how many files that was.

    Raises click.ClickException, before any file has landed, where one is refused.
    """
    plans = {e: make_plan(zone, e, date, paths) for e, paths in deliveries(folder).items()}
    refusals = [refusal for plan in plans.values() for refusal in plan.refusals]
    if refusals:
        raise click.ClickException("nothing has landed.\n" + "\n".join(dict.fromkeys(refusals)))
    to_land: dict[str, list[Delivery]] = {e: plan.to_land for e, plan in plans.items()}
    return sum(1 for e, some in to_land.items() for _ in land(zone, e, date, some))


@click.command()
@click.option("--root", envvar="STEDI_LANDING", default="landing", help="Landing root, a folder.")
@click.option(
    "--from",
    "folder",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Where deliveries are, in a folder an entity.  [default: make synthetic ones]",
)
def main(root: str, folder: Path | None) -> None:
    """Land the deliveries of a folder, or make synthetic ones where nothing has landed."""
    with clear_errors(root):
        if folder:
            click.echo(f"{root}: {land_all(LocalZone(Path(root)), folder, today())} files landed")
        elif not any(landed_files(Path(root), entity) for entity in ENTITIES):
            generate(Settings(), root, progress=True)
            click.echo(f"{root}: synthetic deliveries made")


if __name__ == "__main__":
    main()
