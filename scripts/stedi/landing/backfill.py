"""The note that what landed has changed behind what is built: a line of the table backfill.

A nightly build counts these lines, and refuses to run until a full refresh has read everything.
"""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

from stedi.landing.zones import Delivery, Zone
from stedi.layout import BACKFILL


def leave_note(zone: Zone, entity: str, date: str, names: list[str], now: datetime) -> str:
    """Lands one line that says what is about to land, and when; no person's data is in it.

    `names` are those of the files, `date` is the ingest_date they are to have, and `now` is in UTC.
    Returns where the note lies. Raises what the zone raises.
    """
    return _leave(zone, {"entity": entity, "ingest_date": date, "files": names}, now)


def leave_erasure_note(zone: Zone, now: datetime) -> str:
    """Lands one line that says that lines of people are about to go; not whose.

    `now` is in UTC. Returns where the note lies. Raises what the zone raises.
    """
    return _leave(zone, {"erasure": True}, now)


def _leave(zone: Zone, what: dict[str, Any], now: datetime) -> str:
    note = {"when": now.isoformat(timespec="seconds")} | what
    today = now.date().isoformat()
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"{now:%Y%m%dT%H%M%S}-{uuid4().hex}.json"
        path.write_text(json.dumps(note) + "\n", encoding="utf-8")
        zone.put(BACKFILL, today, Delivery.of(path), lambda done: None)
        return zone.address(BACKFILL, today, path.name)
