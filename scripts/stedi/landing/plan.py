"""Land deliveries: put files, byte for byte, where the lakehouse reads them.

A nightly build looks at no ingest_date before the newest that is built. What is built the landing
zone does not know; the nearest thing to it that it does know is the newest ingest_date that landed
for any entity. So nothing lands on an older day, built or not, unless --backfill asks for it: that
leaves a note (backfill.py), by which nightly builds refuse to run until a full refresh.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from tqdm import tqdm

from stedi.errors import StediError, UsageError
from stedi.landing.files import UnreadableFile, check_readable
from stedi.landing.names import SUFFIXES, for_people, is_hidden, is_utf8_name
from stedi.landing.zones import Delivery, Zone
from stedi.layout import ENTITIES


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
        f"newest; land under {max(today(), newest)}, or with `stedi land --backfill`, which "
        f"makes a `dbt build --full-refresh` necessary"
    )


def _where(zone: Zone, entity: str, date: str, dates: list[str], delivery: Delivery) -> str | None:
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


def today() -> str:
    """The present day in UTC, YYYY-MM-DD."""
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


def land_all(zone: Zone, folder: Path, date: str) -> int:
    """Lands the files of a folder that have not landed yet; returns how many that was.

    Raises StediError, before any file has landed, if one is refused.
    """
    plans = {e: make_plan(zone, e, date, paths) for e, paths in deliveries(folder).items()}
    refusals = [refusal for plan in plans.values() for refusal in plan.refusals]
    if refusals:
        raise StediError("nothing has landed.\n" + "\n".join(dict.fromkeys(refusals)))
    return sum(1 for entity, plan in plans.items() for _ in land(zone, entity, date, plan.to_land))
