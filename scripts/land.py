"""Land deliveries: put files, byte for byte, where the lakehouse reads them.

A nightly build looks at no ingest_date before the newest that is built. What is built the landing
zone does not know; the nearest thing to it that it does know is the newest ingest_date that landed
for any entity. So nothing lands on an older day, built or not, unless --backfill asks for it: that
leaves a note (backfill_note.py), by which nightly builds refuse to run until a full refresh.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import NamedTuple

import click
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError as NoConnection,
    NoCredentialsError,
    PartialCredentialsError,
)
from tqdm import tqdm

from backfill_note import leave_note
from landing_files import (
    ENTITIES,
    SUFFIXES,
    UnreadableFile,
    check_readable,
    for_people,
    is_hidden,
    is_utf8_name,
)
from landing_zones import Delivery, InvalidRoot, Zone, open_zone

FULL_REFRESH = (
    "every nightly build refuses to run until `dbt build --full-refresh` has read everything; "
    "run that once all has landed"
)
NO_ACCESS = "ask for s3:ListBucket, s3:GetObject and s3:PutObject on it"
WHAT_TO_DO = {
    "NoSuchBucket": "create it, or name another one with --root",
    "404": "create it, or name another one with --root",
    "AccessDenied": NO_ACCESS,
    "403": NO_ACCESS,
    "InvalidAccessKeyId": "these credentials are unknown there: renew them",
    "SignatureDoesNotMatch": "the secret does not fit the key: renew the credentials",
    "ExpiredToken": "the credentials have expired: renew them",
}


class Plan(NamedTuple):
    """What is to be done: deliveries to land, where others lie already, and what forbids it all.

    `is_late`: something is to land on a day before the newest that landed.
    """

    to_land: list[Delivery]
    landed: list[str]
    refusals: list[str]
    is_late: bool = False


def name_problems(paths: list[Path]) -> Iterator[str]:
    """What is wrong with the files' names, by themselves and beside each other."""
    for path in paths:
        if is_hidden(path):
            yield f"{for_people(path)}: readers pass over names with a leading . or _; rename it"
        elif not path.name.endswith(SUFFIXES):
            yield f"{for_people(path)}: a name must end in {', '.join(SUFFIXES)}; rename it"
        elif not is_utf8_name(path):
            yield f"{for_people(path)}: a name must be in UTF-8; rename it"
    for name, times in Counter(path.name for path in paths).items():
        if times > 1:
            same = ", ".join(for_people(path) for path in paths if path.name == name)
            yield f"{same}: {times} files of one name; rename or land one of them"


def make_plan(
    zone: Zone, entity: str, date: str, paths: list[Path], backfill: bool = False
) -> Plan:
    """Checks every file before any is written; `backfill` allows a day before the newest.

    Raises what the zone raises.
    """
    plan = Plan([], [], list(name_problems(paths)))
    if plan.refusals:
        return plan
    dates_of = zone.dates_of(entity, [path.name for path in paths])
    for path in paths:
        try:
            delivery = Delivery.of(path)
            check_readable(path)  # after: a change from here on is found when it is landed
        except UnreadableFile as error:
            plan.refusals.append(str(error))
            continue
        dates = dates_of[path.name]
        if found := _where(zone, entity, date, dates, delivery):
            plan.landed.append(f"{for_people(path)}: the same content landed already as {found}")
        elif date in dates:
            plan.refusals.append(
                f"{for_people(path)}: {zone.address(entity, date, path.name)} has other content; "
                "rename the file if both are deliveries"
            )
        else:
            plan.to_land.append(delivery)
    newest = zone.newest_date() if plan.to_land else None
    if newest is None or date >= newest:
        return plan
    if not backfill:
        plan.refusals.append(_too_late(date, newest))
    return plan._replace(is_late=True)


def _too_late(date: str, newest: str) -> str:
    # The newest day may lie ahead, and then today's date would be refused too.
    return (
        f"{date}: {newest} is the newest day landed, and nightly builds look at no day before the "
        f"newest; land under {max(today(), newest)}, or with scripts/land.py --backfill, which "
        f"makes a `dbt build --full-refresh` necessary"
    )


def _where(
    zone: Zone, entity: str, date: str, dates: list[str], delivery: Delivery
) -> str | None:
    """Where the delivery lies already, if it does: on another date too, as it would count twice.

    Where the given date has other content under its name, the other dates do not matter.
    """
    for known in [date] if date in dates else dates:
        if zone.holds(entity, known, delivery):
            return zone.address(entity, known, delivery.path.name)
    return None


def land(zone: Zone, entity: str, date: str, deliveries: list[Delivery]) -> Iterator[str]:
    """Lands the deliveries behind a progress bar; yields where each has come to lie."""
    total = sum(delivery.size for delivery in deliveries)
    with tqdm(total=total, unit="B", unit_scale=True, desc="Landing", leave=False) as bar:
        for delivery in deliveries:
            zone.put(entity, date, delivery, bar.update)
            yield zone.address(entity, date, delivery.path.name)


@contextmanager
def clear_errors(root: str) -> Iterator[None]:
    """Turns what storage raises into one sentence that says what to do."""
    try:
        yield
    except ClientError as error:
        code = error.response["Error"]["Code"]
        what = WHAT_TO_DO.get(code, "see the code's meaning in the S3 documentation")
        message = error.response["Error"].get("Message", "")
        raise click.ClickException(f"{root}: {code} ({message}): {what}") from error
    except (NoCredentialsError, PartialCredentialsError) as error:
        what = "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        raise click.ClickException(f"{root}: {error}: {what}") from error
    except NoConnection as error:
        what = "check the network and AWS_ENDPOINT_URL"
        raise click.ClickException(f"{root}: {error}: {what}") from error
    except (BotoCoreError, InvalidRoot) as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        raise click.ClickException(_what_to_do(error, root)) from error


def _what_to_do(error: OSError, root: str) -> str:
    """Our own errors say what to do; those of the system, which have a strerror, do not."""
    if error.strerror is None:
        return str(error)
    what = "see that it can be written to, or name another root with --root"
    return f"{error.filename or root}: {error.strerror}: {what}"


def today() -> str:
    """The present day in UTC, YYYY-MM-DD."""
    return datetime.now(timezone.utc).date().isoformat()


def _date(context: click.Context, parameter: click.Parameter, text: str | None) -> str:
    """The day as YYYY-MM-DD; today in UTC where none is given."""
    if text is None:
        return today()
    try:
        if datetime.strptime(text, "%Y-%m-%d").date().isoformat() == text:
            return text
    except ValueError:
        pass
    raise click.BadParameter(f"{text!r} is no date; write it as 2024-01-31")


@click.command()
@click.argument("entity", type=click.Choice(ENTITIES))
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--ingest-date", callback=_date, help="YYYY-MM-DD.  [default: today, UTC]")
@click.option(
    "--root",
    envvar="STEDI_LANDING",
    default="landing",
    show_default="$STEDI_LANDING or landing",
    help="Landing root: a folder, or s3://BUCKET.",
)
@click.option(
    "--backfill",
    is_flag=True,
    help="Land on a day before the newest landed too. A full refresh is needed afterwards.",
)
@click.option("--dry-run", is_flag=True, help="Check and tell, but write nothing.")
def main(
    entity: str,
    files: tuple[Path, ...],
    ingest_date: str,
    root: str,
    backfill: bool,
    dry_run: bool,
) -> None:
    """Land FILES of an ENTITY, byte for byte; all of them, or none if one is refused.

    If it is broken off, the files landed so far are whole: run it again to land the others.
    """
    with clear_errors(root):
        zone = open_zone(root)
        plan = make_plan(zone, entity, ingest_date, list(files), backfill)
        if plan.refusals:
            lines = "\n".join(plan.refusals)
            raise click.ClickException(f"nothing has landed.\n{lines}")
        for line in plan.landed:
            click.echo(line)
        if dry_run:
            for delivery in plan.to_land:
                where = zone.address(entity, ingest_date, delivery.path.name)
                click.echo(f"would land {where}")
            if plan.is_late:
                click.echo(f"would leave a note of it: {FULL_REFRESH}")
            return
        if plan.is_late:
            # Before the first file, so that a landing that is broken off has its note too.
            names = [delivery.path.name for delivery in plan.to_land]
            note = leave_note(zone, entity, ingest_date, names, datetime.now(timezone.utc))
            click.echo(f"noted as {note}: {FULL_REFRESH}")
        for address in land(zone, entity, ingest_date, plan.to_land):
            tqdm.write(f"landed {address}")  # above the bar


if __name__ == "__main__":
    main()
