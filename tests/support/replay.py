"""Makes a history happen to a lakehouse, on either engine, and sees that each build was right."""

from __future__ import annotations

import gzip
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Protocol

from stedi.synthetic.records import SOURCES
from support import oracle
from support.deeds import PEOPLE, Life
from support.erased_life import pattern_of
from support.histories import Build, Deliver, Erase, History, Maintain
from support.lakehouse import EXEMPT, customer_id
from support.nasty import lines_in
from support.oracle import Claim, Line, Row, Rows
from support.oracle_lines import SEPARATORS

LAYERS = ("staging", "trusted", "curated", "audit")
SHARED = ("trusted", "curated")
LEDGER, BUILDS = "stedi_audit.releases", "stedi_audit.builds"
SHOWN = 4  # rows of a difference


@dataclass
class Outcome:
    """What a build came to; errors are dbt's own words."""

    success: bool
    killed: bool = False
    errors: str = ""


class Engine(Protocol):
    """A lakehouse without tables, and an empty landing zone."""

    def land(self, source: str, name: str, content: bytes, date: str) -> None:
        """Lands a file."""

    def link(self, source: str, date: str) -> None:
        """Makes a day's folder a link to one elsewhere, unless it is there, if there are links."""

    def build(self, build: Build) -> Outcome:
        """Builds, and is killed where the build says so, unless it ends before."""

    def tables(self, layers: Iterable[str] = LAYERS) -> dict[str, Rows]:
        """All rows of all tables, or of some layers', by `schema.name`."""

    def maintain(self) -> None:
        """Runs maintenance."""

    def left_behind(self, texts: dict[str, str]) -> list[str]:
        """What files beyond staging have of texts that no row there has, in words."""

    def erase(self, emails: list[str], killed: int | None = None) -> None:
        """Erases people, and rebuilds every table.

        killed: before which of its steps it is killed and run again, if the engine can do that.
        """

    def reinstate(self, emails: list[str]) -> None:
        """Lets people come back, and rebuilds every table."""

    def holds(self, texts: dict[str, str]) -> Mapping[str, Collection[str]]:
        """In which files each of the texts is stored, as far as any is."""

    def landed(self) -> list[Line]:
        """Every line of the landing zone."""

    def rebuilt(self, scope: str) -> dict[str, Rows]:
        """The same of a lakehouse in which all that has landed was built at once, in full."""


@dataclass
class Difference:
    """What a table holds that it should not, and what it lacks."""

    table: str
    opinion: str  # whose it is what the table should hold
    unexpected: Rows
    lacking: Rows

    def told(self) -> Iterator[str]:
        """In words: how many rows, and some of them."""
        yield (
            f"{self.table}, beside {self.opinion}: {self.unexpected.total()} rows too many, "
            f"{self.lacking.total()} missing"
        )
        for word, rows in (("too many", self.unexpected), ("missing", self.lacking)):
            for row, times in sorted(rows.items(), key=repr)[:SHOWN]:
                yield f"    {word} {times} times: {_readable(row)}"

    def lives(self) -> set[int]:
        """The lives whose rows they are, as far as the rows say."""
        text = " ".join(_readable(row) for row in self.unexpected + self.lacking)
        numbers = re.findall(r"person0*(\d+)@|0000-4000-800\d-0*(\d+)", text, re.IGNORECASE)
        return {(int(a or b) - 1) // 10 for a, b in numbers if int(a or b)}


@dataclass
class Failure:
    """A build after which a table was not right, or that failed."""

    step: int
    errors: str
    differences: list[Difference]

    def told(self) -> Iterator[str]:
        """In words."""
        yield f"After step {self.step}:"
        if self.errors:
            yield f"the build failed: {self.errors}"
        for difference in self.differences:
            yield from difference.told()

    def report(self, history: History) -> str:
        """In words, with the history in words and in Python."""
        return "\n".join([*self.told(), "", "The history:", *history.told(), "", history.as_code()])

    def lives(self) -> Counter[int]:
        """The lives concerned, and in how many tables."""
        return Counter(life for difference in self.differences for life in difference.lives())


def replay(
    history: History, engine: Engine, every_refresh: bool = False, every_kill: bool = False
) -> Failure | None:
    """Makes a history happen; returns what is wrong after the first build after which anything is.

    every_refresh: compares the tables with those of a full refresh after every build, not only
    after the last; both are compared with what Python expects. every_kill: that a build ends
    before it is killed is wrong too.
    """
    course = Course(engine, history.dates())
    whole = [n for n, step in enumerate(history.steps) if isinstance(step, Build) and step.whole]
    for number, (day, step) in enumerate(zip(history.days(), history.steps, strict=True)):
        if isinstance(step, Deliver):
            course.deliver(step, day)
        elif isinstance(step, Maintain | Erase):
            does = course.maintain if isinstance(step, Maintain) else course.erase
            errors, wrong = does(step)
            if errors or wrong:
                return Failure(number, errors, wrong)
        else:
            errors, wrong = course.build(step, every_refresh or number == max(whole, default=None))
            if errors or wrong:
                return Failure(number, errors, wrong)
            if every_kill and step.killed is not None and not course.was_killed:
                return Failure(number, "it was to be killed, and ended before", [])
    return None


class Course:
    """What has happened to a lakehouse so far, and what its tables must hold therefore."""

    def __init__(self, engine: Engine, dates: list[str]) -> None:
        """dates: the ingest date of each day, by number."""
        self._engine, self._dates = engine, dates
        self._lives: dict[int, Life] = {}
        self._lines: list[Line] = []
        self._deliveries = 0
        self._built = False
        self.was_killed = False  # the last build
        self._erased: set[str] = set()
        self._tombstones: list[Claim] = []
        # What was right since the last whole build; None where parts of several states are mixed.
        self._right: dict[str, Rows] | None = {}

    def deliver(self, step: Deliver, day: int) -> None:
        """Lands the files of a delivery."""
        for source, name, content in files(step, self._deliveries, self._lives):
            if step.linked:
                self._engine.link(source, self._dates[day])
            self._engine.land(source, name, content, self._dates[day])
            self._lines += lines_of(source, self._dates[day], name, content)
        self._deliveries += 1

    def build(self, step: Build, refresh: bool) -> tuple[str, list[Difference]]:
        """Builds. Returns why the build failed and what is wrong, if anything.

        refresh: compares all tables with a full refresh too.
        """
        outcome = self._engine.build(step)
        self.was_killed = outcome.killed
        if step.select is not None:
            self._right = None
            # a part cannot be built while what it is made of is not
            is_wrong = not (outcome.success or outcome.killed) and self._built
            return outcome.errors if is_wrong else "", []
        if outcome.killed:
            return "", self.broken_off(step.scope)
        if not outcome.success:
            return outcome.errors or "for no reason", []
        self._built = True
        return "", self.built(step.scope, refresh)

    def built(self, scope: str, refresh: bool) -> list[Difference]:
        """What is wrong after a whole build."""
        self._right = self._expected(scope)
        found = self._engine.tables()
        wrong = [*beside_python(found, self._right)]
        if refresh and not wrong:
            wrong = [*_beside_refresh(found, self._engine.rebuilt(scope))]
        return wrong

    def _expected(self, scope: str) -> dict[str, Rows]:
        return oracle.tables(self._lines, scope, self._erased, self._tombstones)

    def maintain(self, _: Maintain) -> tuple[str, list[Difference]]:
        """Maintains. Returns what files have of who is not in trusted, and which tables changed."""
        before = self._engine.tables()
        self._engine.maintain()
        left = self._engine.left_behind(self._withheld())
        after = self._engine.tables()
        changed = [
            difference
            for name in (before.keys() | after.keys()) - {BUILDS}  # maintenance is noted there
            for difference in _difference(
                name, "before maintenance", after.get(name, Counter()), before.get(name, Counter())
            )
        ]
        return "; ".join(left[:SHOWN]), changed

    def _withheld(self) -> dict[str, str]:
        """Emails and ids of people of whom trusted and curated have nothing."""
        if not self._right:
            return {}
        there = {
            value
            for name, rows in self._right.items() if _layer(name) in SHARED
            for cells in rows
            for column, value in cells if column == "customer_id"
        }  # fmt: skip
        people = [life.email(who) for life in self._lives.values() for who in range(PEOPLE)]
        gone = {email for email in people if customer_id(email) not in there}
        return _emails(gone) | _ids(gone)

    def erase(self, step: Erase) -> tuple[str, list[Difference]]:
        """Erases people, or lets them come back. Returns where they are still stored, if they are,
        and which tables are wrong."""
        emails = {Life(life).email(who) for life, who in step.people}
        known_once = emails & self._erased
        if step.back:
            return self._reinstate(known_once)
        everything = len(self._lines)
        landed = {e for e in emails if len(oracle.remaining(self._lines, [e], ())) < everything}
        if not (emails := landed | known_once):  # of whom nothing landed, nobody can be erased
            return "", []
        remaining = oracle.remaining(self._lines, emails, self._tombstones)
        own = self._of_nobody_else(step, remaining)
        built = {
            value
            for cells in (self._right or {}).get("stedi_staging.stg_customers", ())
            for column, value in cells if column == "email" and value in landed
        }  # fmt: skip
        stored = _emails(landed) | _ids(built) | own
        if missed := stored.keys() - self._engine.holds(stored).keys():
            return f"the search finds nothing of what is to be erased: {sorted(missed)}", []
        self._erased |= emails
        self._tombstones += [c for c in oracle.claims(self._lines) if c.email in emails]
        self._engine.erase(sorted(emails), step.killed)
        left = self._engine.holds(own | _emails(emails) | _ids(emails))
        places = [f"{what} in {file}" for what, files in left.items() for file in files]
        self._lines = self._engine.landed()  # under the names that files have now
        wrong = [*_difference("landing", "Python's", _said(self._lines), _said(remaining))]
        return "; ".join(places[:SHOWN]), wrong or self.built("since_consent", False)

    def _reinstate(self, erased: set[str]) -> tuple[str, list[Difference]]:
        if not erased:
            return "", []
        self._erased -= erased
        self._engine.reinstate(sorted(erased))
        return "", self.built("since_consent", False)

    def _of_nobody_else(self, step: Erase, remaining: list[Line]) -> dict[str, str]:
        """What records of people who are erased say, and no line that remains."""
        left = [line.text.lower() for line in remaining]
        landed = [line.text.lower() for line in self._lines]
        own = {
            f"{what} {value}": value
            for life, who in step.people
            for record in self._lives.get(life, Life(life)).said["customer"]
            if record.email == Life(life).email(who)
            for what, value in record._asdict().items()
            if what in ("customer_name", "phone", "serial_number") and value is not None
        }
        return {
            name: value
            for name, value in own.items()
            if any(map(pattern_of(value).search, landed))
            and not any(map(pattern_of(value).search, left))
        }

    def broken_off(self, scope: str) -> list[Difference]:
        """What trusted and curated have too much of after a build that broke off: they may lack
        rows, but each that they have was right before, or is now. So nobody is in them who has
        withdrawn and was out of them."""
        if self._right is None:
            return []
        now = self._expected(scope)
        self._right = {name: self._right.get(name, Counter()) | now[name] for name in now}
        found = self._engine.tables(SHARED)
        shared = {name: rows for name, rows in self._right.items() if _layer(name) in SHARED}
        return [
            replace(difference, opinion="what was right before or is now", lacking=Counter())
            for difference in beside_python(found, shared)
            if difference.unexpected
        ]


def _emails(emails: Iterable[str]) -> dict[str, str]:
    return {f"email {email}": email for email in emails}


def _ids(emails: Iterable[str]) -> dict[str, str]:
    return {f"customer_id of {email}": customer_id(email) for email in emails}


def _layer(table: str) -> str:
    return table.partition(".")[0].removeprefix("stedi_")


def _said(lines: Iterable[Line]) -> Rows:
    """Lines without the files that they are in, and none that only separate records."""
    columns = ("source", "ingest_date", "text")
    return Counter(
        oracle.row(columns, (n.source, n.ingest_date, n.text))
        for n in lines
        if n.text.strip(SEPARATORS)  # what separated records that are gone may stay
    )


def lines_of(source: str, date: str, name: str, content: bytes) -> list[Line]:
    """The lines of a landed file."""
    content = gzip.decompress(content) if name.endswith(".gz") else content
    return [Line(source, date, name, text) for text in lines_in(content)]


def files(step: Deliver, number: int, lives: dict[int, Life]) -> Iterator[tuple[str, str, bytes]]:
    """The files of a delivery, as source, name and content; the lives take note of their deeds."""
    for source, parts in _lines(step, lives).items():
        for part, lines in parts.items():
            # Names tell nothing of the order of deliveries, and a file may be packed.
            name = f"{source}-{(7 * number + part) % 10}-{number}-{part}.json"
            content = "".join(lines).encode("utf-8", "surrogateescape")
            if number % 2:
                content = content.removesuffix(b"\n") if content.endswith(b"}\n") else content
            if part == 1:
                name, content = f"{name}.gz", gzip.compress(content, mtime=0)
            yield source, name, content


def _lines(step: Deliver, lives: dict[int, Life]) -> dict[str, dict[int, list[str]]]:
    """The lines of a delivery by source and part."""
    parts: dict[str, dict[int, list[str]]] = {source: {} for source in SOURCES}
    for place, (life, deed) in enumerate(step.deeds):
        for source, line in lives.setdefault(life, Life(life)).does(deed):
            parts[source].setdefault((life + place) % step.files, []).append(line)
    if step.empty:
        return {source: found or {0: []} for source, found in parts.items()}
    return parts


def _with_the_last_releases(found: dict[str, Rows]) -> dict[str, Rows]:
    """The tables, of the ledger only what the last build noted there."""
    ledger = found.get(LEDGER, Counter())
    moments = {times: dict(times).get("noted_at") for times in ledger}
    last = max(filter(None, moments.values()), default=None)
    noted = Counter({times: n for times, n in ledger.items() if moments[times] == last})
    return found | {LEDGER: noted}


def beside_python(found: dict[str, Rows], expected: dict[str, Rows]) -> Iterator[Difference]:
    """Where tables differ from what is expected, in the columns that are known there; of the ledger
    only what the last build noted counts."""
    found = _with_the_last_releases(found)
    for name, rows in expected.items():
        columns = {column for row in rows for column, _ in row}
        in_columns = Counter()
        for row, times in found.get(name, Counter()).items():
            in_columns[tuple(cell for cell in row if cell[0] in columns)] += times
        if not rows:
            in_columns = found.get(name, Counter())
        yield from _difference(name, "Python's expectation", in_columns, rows)


def _beside_refresh(found: dict[str, Rows], rebuilt: dict[str, Rows]) -> Iterator[Difference]:
    for name in sorted(found.keys() | rebuilt.keys()):
        if name.rsplit(".")[-1] in EXEMPT:
            continue
        if name not in found or name not in rebuilt:
            which = "the full refresh" if name in rebuilt else "the history"
            yield Difference(name, f"nothing, as only {which} has it", Counter(), Counter())
        else:
            yield from _difference(name, "a full refresh", found[name], rebuilt[name])


def _difference(name: str, opinion: str, found: Rows, right: Rows) -> Iterator[Difference]:
    if found != right:
        yield Difference(name, opinion, found - right, right - found)


def _readable(row: Row) -> str:
    """A row with the email beside each customer_id."""
    names = _names(customer_id(""))
    cells = (f"{column}={names.get(value, value)}" for column, value in row if value is not None)
    return " ".join(cells)


@cache
def _names(key: str) -> dict[str, str]:
    """The email of each customer_id; key: tells one pseudonym key from another."""
    emails = [life.email(who) for life in map(Life, range(100)) for who in range(PEOPLE)]
    return {customer_id(email): email for email in emails}
