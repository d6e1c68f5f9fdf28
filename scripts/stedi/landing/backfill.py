"""Notes that something landed, or was erased, behind what is built: lines of the table backfill.

A nightly build counts these lines, and is refused until a full refresh has read everything.
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
    """Lands one line that says what is about to land, and when; it holds no person's data.

    names: of the files. date: the ingest_date under which they will land. now: in UTC.
    Returns where the note is. Raises what the zone raises.
    """
    return _leave(zone, {"entity": entity, "ingest_date": date, "files": names}, now)


def leave_erasure_note(zone: Zone, now: datetime) -> str:
    """Lands one line that says that lines of people are about to be erased, and not of whom.

    now: in UTC. Returns where the note is. Raises what the zone raises.
    """
    return _leave(zone, {"erasure": True}, now)


def _leave(zone: Zone, what: dict[str, Any], now: datetime) -> str:
    note = {"when": now.isoformat(timespec="seconds")} | what
    today = now.date().isoformat()
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"{now:%Y%m%dT%H%M%S}-{uuid4().hex}.json"
        path.write_text(json.dumps(note) + "\n", encoding="utf-8")
        zone.put(BACKFILL, today, Delivery.of(path), lambda _: None)
        return zone.address(BACKFILL, today, path.name)
