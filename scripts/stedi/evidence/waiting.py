"""What has landed since the last build: it breaks no law, and is not in force yet."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from stedi.evidence.lakehouse import LakehouseReader
from stedi.evidence.people import Build
from stedi.landing.claims import customer_of
from stedi.landing.files import lines_of
from stedi.landing.names import day_of, is_landed
from stedi.landing.raw_lines import blocks_of
from stedi.landing.records import EARLIEST, email_of, record_of
from stedi.layout import ENTITIES


@dataclass(frozen=True)
class Waiting:
    """Landed lines that the next build will read.

    lines: how many, by source. withdrawals: how many people in customer_trusted a waiting line
    names that gives no consent, or cannot be read. problem: why nothing is known, or "".
    """

    lines: dict[str, int]
    withdrawals: int = 0
    problem: str = ""

    @property
    def total(self) -> int:
        """Waiting lines of all sources."""
        return sum(self.lines.values())


def read_waiting(lakehouse: LakehouseReader, build: Build, earliest: str = EARLIEST) -> Waiting:
    """What has landed since a build on its newest day and on later ones; older days are closed.

    Reads the files of these days. earliest: the day from which on a time is plausible.
    """
    newest = str(build.newest_day or "")
    landed: Counter[tuple[str, str]] = Counter()
    refusing: dict[str, set[str]] = {}
    try:
        for entity in ENTITIES:
            for file in lakehouse.storage.objects(f"{entity}/landing/ingest_date="):
                day = day_of(file.key)
                if day < newest or not is_landed(file.key):
                    continue
                with lakehouse.storage.open(file.key) as stream:
                    for line in lines_of(blocks_of(stream, file.key)):
                        landed[entity, day] += 1
                        if entity == "customer" and (email := _refusing(line, day, earliest)):
                            refusing.setdefault(day, set()).add(email)
    except (OSError, EOFError) as error:
        return Waiting({}, problem=f"landed files cannot be read ({type(error).__name__})")
    audited = {
        (source, str(day)): lines
        for source, day, lines in lakehouse.query(
            "select source, ingest_date, landed from stedi_audit.landing_reconciliation"
        )
    }
    waiting = Counter({key: max(0, lines - audited.get(key, 0)) for key, lines in landed.items()})
    named = {e for day, emails in refusing.items() if waiting["customer", day] for e in emails}
    lines = {entity: sum(n for (e, _), n in waiting.items() if e == entity) for entity in ENTITIES}
    return Waiting(lines, len(named & _trusted(lakehouse)) if named else 0)


def _refusing(line: str, day: str, earliest: str) -> str | None:
    """Whom a customer line names that gives no consent to research, or cannot be read."""
    fields = record_of(line) or {}
    record = customer_of(fields, day, earliest)
    if record and record.research_consent_at is not None:
        return None
    return email_of(fields.get("email"))


def _trusted(lakehouse: LakehouseReader) -> set[str]:
    return {
        email for (email,) in lakehouse.query("select email from stedi_trusted.customer_trusted")
    }
