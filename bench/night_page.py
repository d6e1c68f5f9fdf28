"""The page of a measured year: tables in Markdown, each figure as it was measured."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from bounds import Verdict
from measure import MIB, Measure
from nights import NIGHTS, NOTHING, USD_PER_BYTE, Build, Scanned, Took, Year

CHART = "nightly.svg"
MB = 1_000_000
LEAST = 0.05


ENGINES = {"athena": "Athena", "duckdb": "DuckDB"}


def page(year: Year, judged: list[Verdict]) -> str:
    """The whole page."""
    return "\n".join(
        [
            "# What a night costs",
            "`make bench` wrote this page.",
            *(f"- {ENGINES[engine]}: {on}" for engine, on in sorted(year.measured.items())),
            "",
            "A night is `dbt build`, tests and all, after a day's deliveries; a refresh is "
            "`dbt build --full-refresh`. The history",
            f"is a full refresh of all but its last {NIGHTS} days, and those night by night. Every "
            "build's row counts were checked.",
            "",
            f"![Bytes, seconds and memory of a night, by days of history]({CHART})",
            "",
            "## The bounds",
            *(f"    {verdict}" for verdict in judged),
            *_athena(year),
            *_changes(year),
            *_duckdb(year),
            *_sizes(year),
            "",
        ]
    )


def table(headings: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    """A table whose first column is text and whose others are numbers."""
    headings = list(headings)
    yield f"| {' | '.join(headings)} |"
    yield f"|---|{'---:|' * (len(headings) - 1)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def megabytes(size: float) -> str:
    """Of 1,000,000 bytes; small ones to three digits."""
    return f"{size / MB:,.3f}" if size < MB else f"{size / MB:,.2f}"


def usd(dollars: float) -> str:
    """For a year of builds that cost so much each."""
    return f"{365 * dollars:,.3f}"


def _athena(year: Year) -> Iterator[str]:
    if not year.athena:
        return
    yield from (
        "",
        "## On Athena: bytes scanned",
        "MB are 1,000,000 bytes. The refresh is that of the history's first part; the course's way "
        "is JSON tables and one query",
        "for each curated table, which read everything each night. USD are for 365 such builds at "
        "5 USD a TB, for bytes alone,",
        "but where it says that every query is charged for 10 MB at least.",
        "",
    )
    yield from table(
        ("days of history", "landed MB", "the day MB", "night MB", "of it tests",
         "times the day", "refresh MB", "course MB", "night USD", "night USD at 10 MB a query",
         "refresh USD", "course USD"),
        (_scanned(days, found) for days, found in year.athena.items()),
    )  # fmt: skip
    yield from ("", "By model, MB of the night:", "")
    yield from _by_name(year, "model", lambda night: {**night.models, "other queries": night.other})
    yield from ("", f"By test, those that scan {LEAST:.0%} of the day or more:", "")
    yield from _by_name(year, "test", lambda night: night.tests, LEAST)


def _by_name(
    year: Year, what: str, of: Callable[[Build], dict[str, int]], least: float = 0
) -> Iterator[str]:
    """A line for each name whose bytes after the longest history are so many times the day."""
    nights = {days: of(found.night) for days, found in year.athena.items()}
    days, delivered = max(nights), year.athena[max(nights)].delivered
    names = sorted(name for name, size in nights[days].items() if size >= least * delivered)
    yield from table(
        (what, *(f"after {days} days" for days in nights), "times the day"),
        (
            (name, *(megabytes(night.get(name, 0)) for night in nights.values()),
             f"{nights[days][name] / delivered:.2f}")
            for name in names
        ),
    )  # fmt: skip


def _scanned(days: int, found: Scanned) -> tuple[str, ...]:
    night = found.night
    return (
        f"{days}",
        *map(megabytes, (found.landed, found.delivered, night.all, night.tested)),
        f"{night.all / found.delivered:.2f}",
        *map(megabytes, (found.refresh.all, found.course)),
        usd(night.all * USD_PER_BYTE),
        usd(night.usd),
        *(usd(size * USD_PER_BYTE) for size in (found.refresh.all, found.course)),
    )


def _changes(year: Year) -> Iterator[str]:
    if NOTHING not in year.changes:
        return
    days = max(year.athena)
    refresh, idle = year.athena[days].refresh.all, year.changes[NOTHING].all
    yield from (
        "",
        f"## On Athena: changes of consent after {days} days",
        "Each is a build that finds no new reading; all of them read the newest day again. What a "
        "change adds is its build's bytes",
        "less those of the build that finds nothing, as a share of the full refresh.",
        "",
    )
    yield from table(
        ("what the build finds", "MB", "of it tests", "added MB", "of a refresh"),
        (_change(what, build, idle, refresh) for what, build in year.changes.items()),
    )


def _change(what: str, build: Build, idle: int, refresh: int) -> tuple[str, ...]:
    added = build.all - idle
    cells = [megabytes(size) for size in (build.all, build.tested, added)]
    return what, *cells, f"{100 * added / refresh:.2f} %"


def _duckdb(year: Year) -> Iterator[str]:
    if not year.duckdb:
        return
    yield from (
        "",
        "## On DuckDB: time and memory",
        "The whole process; of a night, the median of its runs. A day has "
        f"{next(iter(year.duckdb.values())).readings:,} readings.",
        "",
    )
    yield from table(
        ("days of history", "landed MB", "night s", "its runs", "night MiB", "refresh s",
         "refresh MiB"),
        (
            (f"{days}", megabytes(found.landed), *_measure(found.night)[:1], _runs(found),
             *_measure(found.night)[1:], *_measure(found.refresh))
            for days, found in year.duckdb.items()
        ),
    )  # fmt: skip


def _runs(found: Took) -> str:
    return ", ".join(f"{night.seconds:.1f}" for night in found.nights)


def _measure(found: Measure | None) -> tuple[str, ...]:
    return (f"{found.seconds:.1f}", f"{found.peak / MIB:,.0f}") if found else ("", "")


def _sizes(year: Year) -> Iterator[str]:
    if not year.sizes:
        return
    yield from (
        "",
        "## On DuckDB: the size of the day",
        "The third day, more readings being more people's, in one run each.",
        "",
    )
    yield from table(
        ("readings of the day", "the day MB", "night s", "night MiB", "readings a second"),
        (
            (f"{found.readings:,}", megabytes(found.delivered), *_measure(found.night),
             f"{found.readings / found.night.seconds:,.0f}")
            for found in year.sizes.values()
        ),
    )  # fmt: skip
