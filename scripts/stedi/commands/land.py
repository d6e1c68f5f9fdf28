"""`stedi land`: put files into the landing zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
from tqdm import tqdm

from stedi.commands.command import Command, Target, target_options
from stedi.errors import StediError
from stedi.landing.backfill import leave_note
from stedi.landing.plan import land, make_plan, today
from stedi.landing.zones import Zone
from stedi.layout import ENTITIES

ACCESS = "ask for s3:ListBucket, s3:GetObject and s3:PutObject on the bucket"
FULL_REFRESH = (
    "nightly builds are refused until `dbt build --full-refresh` has read everything; run it once "
    "all files have landed"
)


def _date(context: click.Context, parameter: click.Parameter, text: str | None) -> str:
    """The date as YYYY-MM-DD; today in UTC if none is given."""
    if text is None:
        return today()
    try:
        day = datetime.strptime(text, "%Y-%m-%d").date()
    except ValueError:
        day = None
    if day is None or day.isoformat() != text:
        raise click.BadParameter(f"{text!r} is not a date; write it as 2024-01-31")
    if day > datetime.now(UTC).date() + timedelta(days=1):
        raise click.BadParameter(
            f"{text} lies more than a day ahead of today, {today()} (UTC). No day before it could "
            "land any more; correct it"
        )
    return text


@click.command(cls=Command, access=ACCESS)
@click.argument("entity", type=click.Choice(ENTITIES))
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--ingest-date", callback=_date, help="YYYY-MM-DD, at most tomorrow.  [default: today, UTC]"
)
@click.option(
    "--backfill",
    is_flag=True,
    help="Allow a day before the newest landed. A full refresh is needed afterwards.",
)
@click.option("--dry-run", is_flag=True, help="Check and report, but write nothing.")
@target_options
def main(
    entity: str,
    files: tuple[Path, ...],
    ingest_date: str,
    backfill: bool,
    dry_run: bool,
    target: Target,
) -> None:
    """Land FILES of an ENTITY, byte for byte: all of them, or none if one is refused.

    If it is interrupted, each file landed so far is complete; run it again to land the others.
    """
    zone = Zone(target.storage)
    plan = make_plan(zone, entity, ingest_date, list(files), backfill, target.is_rewritten)
    if plan.refusals:
        raise StediError("nothing has landed.\n" + "\n".join(plan.refusals))
    for line in plan.landed:
        click.echo(line)
    if dry_run:
        for delivery in plan.to_land:
            where = zone.address(entity, ingest_date, delivery.path.name)
            click.echo(f"would land {where}")
        if plan.is_late:
            click.echo(f"would leave a note of the backfill: {FULL_REFRESH}")
        return
    if plan.is_late:
        # Before the first file, so that a landing that breaks off has left its note too.
        names = [delivery.path.name for delivery in plan.to_land]
        note = leave_note(zone, entity, ingest_date, names, datetime.now(UTC))
        click.echo(f"noted the backfill in {note}: {FULL_REFRESH}")
    for address in land(zone, entity, ingest_date, plan.to_land):
        tqdm.write(f"landed {address}")  # above the bar
