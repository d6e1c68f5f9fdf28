"""How many people share for research as time goes by, by what their records say."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from itertools import accumulate
from typing import NamedTuple

from stedi.evidence.lakehouse import Query

LAST = 36  # months; a page that is printed holds no more


class Month(NamedTuple):
    """A month in which somebody's state of consent began or ended. sharing: people at its end."""

    month: date
    sharing: int
    consents_begun: int
    consents_ended: int
    refusals_begun: int
    refusals_ended: int


@dataclass(frozen=True)
class OverTime:
    """The last months in which something changed, the oldest first, and how many there were."""

    months: list[Month]
    of: int


def over_time(query: Query, last: int = LAST) -> OverTime:
    """Consent by month; a state that begins where another ends is both."""
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
    events = [
        [counts[month].get((shares, e), 0) for shares in (True, False) for e in ("begun", "ended")]
        for month in months
    ]
    sharing = accumulate(begun - ended for begun, ended, *_ in events)
    found = [Month(month, now, *event) for month, now, event in zip(months, sharing, events)]
    return OverTime(found[-last:], len(found))
