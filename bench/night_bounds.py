"""What the nights of a year must show, and whether they do."""

from __future__ import annotations

from bounds import Verdict
from nights import NOTHING, PEOPLE, PERSON, Year

SHORT, LONG = 30, 365  # days of history that are compared
BYTES_GROWTH = 1.2
BYTES_OF_DAY = 4
SECONDS_GROWTH = 1.3
MEMORY_GROWTH = 1.3
PERSON_SHARE = 5
PEOPLE_SHARE = 30


def ratio(figure: float | None, of: float | None) -> float | None:
    """How many times the one the other is; None where one of them is missing."""
    return figure / of if figure is not None and of else None


def share(year: Year, *changes: str) -> float | None:
    """What the dearest of the changes scans more than a build that finds nothing, in per cent of
    a full refresh; None where it was not measured at LONG days."""
    if LONG not in year.athena or not {NOTHING, *changes} <= year.changes.keys():
        return None
    more = max(year.changes[change].all for change in changes) - year.changes[NOTHING].all
    return 100 * max(more, 0) / year.athena[LONG].refresh.all


def verdicts(year: Year) -> list[Verdict]:
    """Every bound, one after the other. A night is `dbt build` whole, with its tests."""
    athena = {days: year.athena.get(days) for days in (SHORT, LONG)}
    scanned = {days: found and found.night.all for days, found in athena.items()}
    took = {days: year.duckdb.get(days) for days in (SHORT, LONG)}
    seconds = {days: found and found.night.seconds for days, found in took.items()}
    peaks = {days: found and found.night.peak for days, found in took.items()}
    delivered = athena[LONG] and athena[LONG].delivered
    beside = f"{LONG} days of history, {SHORT} = 1"
    return [
        Verdict(
            f"bytes scanned by a night after {beside}",
            ratio(scanned[LONG], scanned[SHORT]),
            BYTES_GROWTH,
            "times",
        ),
        Verdict(
            f"bytes scanned by a night after {LONG} days, those delivered = 1",
            ratio(scanned[LONG], delivered),
            BYTES_OF_DAY,
            "times",
        ),
        Verdict(
            f"wall time of a night on DuckDB after {beside}",
            ratio(seconds[LONG], seconds[SHORT]),
            SECONDS_GROWTH,
            "times",
        ),
        Verdict(
            f"peak memory of a night on DuckDB after {beside}",
            ratio(peaks[LONG], peaks[SHORT]),
            MEMORY_GROWTH,
            "times",
        ),
        Verdict(
            "bytes that one person's change of consent adds, of a full refresh",
            share(year, *PERSON),
            PERSON_SHARE,
            "%",
        ),
        Verdict(
            "bytes that 1 % of the people's changes add, of a full refresh",
            share(year, PEOPLE),
            PEOPLE_SHARE,
            "%",
        ),
    ]
