"""The ledger of builds, table stedi_audit.builds, as commands read it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from stedi.duckdb_target.compaction import open_database
from stedi.errors import UsageError
from stedi.landing.records import EARLIEST
from stedi.layout import AUDIT
from stedi.search.decode import column_of

if TYPE_CHECKING:
    from stedi.storage.bucket import Bucket

COMPLETED = "completed"
_PREFIX = f"{AUDIT}/builds/"
# One text for each row, because column_of reads a single column of a Parquet file.
_FIELDS = """
    epoch_us(happened_at) || '|' || build_id || '|' || status || '|' || coalesce(key_id, '') || '|'
    || consent_scope
"""


@dataclass(frozen=True)
class Build:
    """The last completed build.

    rules: the vars that decide what is released, as macro release_rules writes them. key_id: the
    pseudonym of an empty email under its key. ledger: the digest of the ledger up to this build.
    """

    build_id: str
    rules: str
    key_id: str
    ledger: str

    @property
    def variables(self) -> dict[str, Any]:
        """The vars of the rules, which give the same tables again."""
        scope, *others = self.rules.split(", ")
        given = dict(rule.split(" ", 1) for rule in others)
        return {
            "consent_scope": scope,
            "minimum_age": int(given.get("minimum_age", 0)),
            "earliest_time": given.get("earliest_time", EARLIEST),
        }


def last_build_in(database: Path) -> Build:
    """The last completed build of the tables in a DuckDB file. Raises StediError without any."""
    if not database.exists():
        raise UsageError(f"{database}: no such database; {_ADVICE}")
    with open_database(database, read_only=True) as connection:
        try:
            rows = connection.execute(f"select {_FIELDS} from stedi_audit.builds").fetchall()
        except duckdb.CatalogException:
            rows = []
    if build := _last(text for (text,) in rows):
        return build
    raise UsageError(f"{database}: no build was ever completed; {_ADVICE}")


def last_build_of(bucket: Bucket) -> Build:
    """The last completed build of the tables in a bucket. Raises StediError without any."""
    found: set[str] = set()
    for each in bucket.objects(_PREFIX):
        with bucket.open(each.key) as stream:
            found |= column_of(stream, _FIELDS)
    if build := _last(found):
        return build
    raise UsageError(
        f"{bucket.address(_PREFIX)}: no build was ever completed; run `dbt build --target athena`, "
        "or name the lakehouse's bucket in the configuration"
    )


def digest_of_ledger(rows: Iterable[tuple[str, str, datetime]], build_id: str) -> str | None:
    """The digest of the ledger up to a completed build; None if it has no such build.

    rows: build_id, status and time of every event. The ledger only ever grows, so the digest stays.
    """
    events = [*rows]
    completed = [at for build, status, at in events if (build, status) == (build_id, COMPLETED)]
    return _digest(e[:2] for e in events if e[2] <= completed[0]) if completed else None


def _last(rows: Iterable[str]) -> Build | None:
    events = sorted(row.split("|", 4) for row in rows)  # times have as many digits as one another
    for at, build_id, status, key_id, rules in reversed(events):
        if status == COMPLETED:
            ledger = _digest((event[1], event[2]) for event in events if event[0] <= at)
            return Build(build_id, rules, key_id, ledger)
    return None


def _digest(events: Iterable[tuple[str, ...]]) -> str:
    text = "\n".join(sorted(" ".join(event) for event in events))
    return hashlib.sha256(text.encode()).hexdigest()


_ADVICE = "run `dbt build` first, or set STEDI_LANDING and STEDI_DUCKDB to the same lakehouse"
