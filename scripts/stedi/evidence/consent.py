"""How many people share for research over time, according to their records."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from itertools import accumulate
from typing import NamedTuple

from stedi.evidence.lakehouse import Query

MOST_MONTHS = 36  # a printed page holds no more


class Month(NamedTuple):
    """A month in which somebody's consent changed. sharing: people who share at its end."""

    month: date
    sharing: int
    consents_begun: int
    consents_ended: int
    refusals_begun: int
    refusals_ended: int


@dataclass(frozen=True)
class ConsentHistory:
    """The last months with changes, oldest first. total: how many such months there are."""

    months: list[Month]
    total: int


def consent_history(query: Query, most: int = MOST_MONTHS) -> ConsentHistory:
    """Changes of consent by month. most: how many months to return.

    Where one state of consent follows another, one ends and one begins.
    """
    counts: dict[date, dict[tuple[bool, str], int]] = {}
    for month, shares, event, states in query("""
        select cast(date_trunc('month', valid_from) as date), research_consent_at is not null,
            'begun', count(*)
        from stedi_audit.consent_history group by 1, 2
        union all
        select cast(date_trunc('month', valid_to) as date), research_consent_at is not null,
            'ended', count(*)
        from stedi_audit.consent_history where valid_to is not null group by 1, 2
    """):
        counts.setdefault(month, {})[shares, event] = states
    months = sorted(counts)
    changes = [
        [counts[month].get((shares, e), 0) for shares in (True, False) for e in ("begun", "ended")]
        for month in months
    ]
    sharing = accumulate(begun - ended for begun, ended, *_ in changes)
    found = [
        Month(month, people, *change)
        for month, people, change in zip(months, sharing, changes, strict=True)
    ]
    return ConsentHistory(found[-most:], len(found))
