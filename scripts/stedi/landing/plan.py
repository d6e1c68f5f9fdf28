"""Land deliveries: put files, byte for byte, where the lakehouse reads them.

A nightly build reads no ingest_date before the newest that is built. The landing zone does not know
which dates are built, only which is the newest that landed for any entity. So nothing lands on an
older date unless --backfill asks for it. That leaves a note (backfill.py), and nightly builds then
refuse to run until a full refresh.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from tqdm import tqdm

from stedi.errors import StediError, UsageError
from stedi.landing.files import UnreadableFile, check_readable
from stedi.landing.names import SUFFIXES, for_people, is_hidden, is_utf8_name
from stedi.landing.zones import Delivery, Zone
from stedi.layout import ENTITIES

IsRewritten = Callable[[str], bool]


class Plan(NamedTuple):
    """What landing some files comes to, found before any is written."""

    to_land: list[Delivery]
    landed: list[str]  # a sentence for each file that has landed already
    refusals: list[str]  # a sentence for each reason why nothing may land
    is_late: bool = False  # to_land would land on a day before the newest


def name_problems(paths: list[Path]) -> Iterator[str]:
    """What is wrong with the names of the files, each alone and all together."""
    for path in paths:
        if is_hidden(path):
            yield f"{for_people(path)}: readers ignore names with a leading . or _; rename it"
        elif not path.name.endswith(SUFFIXES):
            yield f"{for_people(path)}: a name must end in {', '.join(SUFFIXES)}; rename it"
        elif not is_utf8_name(path):
            yield f"{for_people(path)}: a name must be in UTF-8; rename it"
    for name, times in Counter(path.name for path in paths).items():
        if times > 1:
            same = ", ".join(for_people(path) for path in paths if path.name == name)
            yield f"{same}: {times} files of one name; rename or land one of them"


def make_plan(
    zone: Zone,
    entity: str,
    date: str,
    paths: list[Path],
    backfill: bool = False,
    is_rewritten: IsRewritten = lambda _: False,
) -> Plan:
    """Checks every file before any is written.

    date: the ingest date, YYYY-MM-DD. backfill: allow a date before the newest that landed.
    is_rewritten: whether an erasure has removed lines from a delivery with a SHA-256.
    Raises what the zone raises.
    """
    plan = Plan([], [], list(name_problems(paths)))
    if plan.refusals:
        return plan
    dates_of = zone.dates_of(entity, [path.name for path in paths])
    for path in paths:
        try:
            delivery = Delivery.of(path)
            check_readable(
                path
            )  # after Delivery.of, so that landing notices any change of the file
        except UnreadableFile as error:
            plan.refusals.append(str(error))
            continue
        dates = dates_of[path.name]
        if found := _where(zone, entity, date, dates, delivery):
            plan.landed.append(f"{for_people(path)}: the same content landed already as {found}")
        elif dates and is_rewritten(delivery.sha256):
            found = zone.address(entity, max(dates), path.name)
            plan.landed.append(
                f"{for_people(path)}: landed already as {found}; an erasure has removed lines from "
                "it, so it does not land again"
            )
        elif date in dates:
            plan.refusals.append(
                f"{for_people(path)}: {zone.address(entity, date, path.name)} has other content. "
                "If an erasure has removed lines from that, do not land it again; rename the file "
                "only if both are deliveries"
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
        f"{date}: {newest} is the newest day landed, and nightly builds read no day before it; "
        f"land under {max(today(), newest)}, or use `stedi land --backfill` and then run "
        "`dbt build --full-refresh`"
    )


def _where(zone: Zone, entity: str, date: str, dates: list[str], delivery: Delivery) -> str | None:
    """The address of the delivery if it has landed, on this date or another; else None.

    If the date has a file of its name with other content, the other dates do not matter.
    """
    for known in [date] if date in dates else dates:
        if zone.holds(entity, known, delivery):
            return zone.address(entity, known, delivery.path.name)
    return None


def land(zone: Zone, entity: str, date: str, deliveries: list[Delivery]) -> Iterator[str]:
    """Lands the deliveries, with a progress bar; yields the address of each."""
    total = sum(delivery.size for delivery in deliveries)
    with tqdm(total=total, unit="B", unit_scale=True, desc="Landing", leave=False) as bar:
        for delivery in deliveries:
            zone.put(entity, date, delivery, bar.update)
            yield zone.address(entity, date, delivery.path.name)


def today() -> str:
    """The current day in UTC, YYYY-MM-DD."""
    return datetime.now(UTC).date().isoformat()


def deliveries(folder: Path) -> dict[str, list[Path]]:
    """The files to land of each entity, in `folder`/<entity>/. Raises UsageError without any."""
    found = {
        entity: sorted(
            path
            for path in (folder / entity).glob("*")
            if path.name.endswith(SUFFIXES) and not is_hidden(path)
        )
        for entity in ENTITIES
    }
    if not any(found.values()):
        raise UsageError(
            f"{folder}: no deliveries. Name a folder whose subfolders {', '.join(ENTITIES)} hold "
            f"files that end in {', '.join(SUFFIXES)}"
        )
    return found


def land_all(
    zone: Zone, folder: Path, date: str, is_rewritten: IsRewritten = lambda _: False
) -> int:
    """Lands the files of a folder that have not landed yet; returns how many that was.

    is_rewritten: as make_plan takes it. Raises StediError, before any file has landed, if one is
    refused.
    """
    plans = {
        entity: make_plan(zone, entity, date, paths, is_rewritten=is_rewritten)
        for entity, paths in deliveries(folder).items()
    }
    refusals = [refusal for plan in plans.values() for refusal in plan.refusals]
    if refusals:
        raise StediError("nothing has landed.\n" + "\n".join(dict.fromkeys(refusals)))
    return sum(1 for entity, plan in plans.items() for _ in land(zone, entity, date, plan.to_land))
