"""Nights on the local Athena: bytes that each model scans."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from contenders import fresh
from history import Shape, consent, consents, date_of, expected
from local_athena.trino import QueryFailed
from measure import Failed
from nights import (
    NIGHTS,
    NOTHING,
    PEOPLE,
    PERSON,
    WITHOUT_TESTS,
    Build,
    Deliveries,
    Scanned,
    rebuilt_days,
)
from support.athena import course
from support.athena.local import LocalLakehouse
from support.athena.scanned import Scan, by_node, total


@dataclass(frozen=True)
class Change:
    """People whose consent changes in one delivery; both lists are of their numbers."""

    withdraw: list[int]
    give: list[int]


def changes(shape: Shape) -> dict[str, Change]:
    """What changes, one after the other; nobody changes twice."""
    some = max(1, shape.people // 200)
    with_consent = [n for n in range(shape.people) if consents(n)]
    without = [n for n in range(shape.people) if not consents(n)]
    withdraws, gives = PERSON
    return {
        NOTHING: Change([], []),
        withdraws: Change(with_consent[:1], []),
        gives: Change([], without[:1]),
        PEOPLE: Change(with_consent[1 : some + 1], without[1 : some + 1]),
    }


def build_of(scans: dict[str, Scan], seconds: float) -> Build:
    """The scans of a build's nodes, by dbt's ids, as it is told here."""
    models: Counter[str] = Counter()
    tests: Counter[str] = Counter()
    other = 0
    for node, found in scans.items():
        kind, _, name = node.partition(".stedi_lakehouse.")
        if kind == "model":
            models[name.split(".")[0]] += found.scanned  # without the version of the model
        elif kind in ("test", "unit_test"):
            tests[name.split(".")[0]] += found.scanned
        else:
            other += found.scanned
    whole = total(scans.values())
    return Build(dict(models), dict(tests), other, whole.charged, whole.queries, seconds)


class Lakehouse:
    """The account of a local Athena with `history` days built, and the next day landed."""

    def __init__(
        self,
        local: LocalLakehouse,
        folder: Path,
        deliveries: Deliveries,
        history: int,
        nights: int = NIGHTS,
        refresh: Sequence[str] = (),
    ) -> None:
        """nights: how many days of the history come one by one. refresh: options of its build."""
        self._local, self._folder = local, folder
        self._deliveries, self._history = deliveries, history
        self._landed = 0
        self._rebuilt = rebuilt_days(history, nights)
        local.provision(date.fromisoformat(date_of(0)))
        # To the night's own day: who looks into the folders of days to come finds no bytes there.
        local.end_landing(*(date.fromisoformat(date_of(day)) for day in (0, history)))
        self._land(range(self._rebuilt))
        self._refresh = self._build("--full-refresh", *refresh)
        for day in range(self._rebuilt, history):
            self._land([day])
            self._build(*WITHOUT_TESTS)
        self._land([history])

    def night(self) -> Scanned:
        """Builds the day, tests and all. Raises Failed where not what it should was made."""
        night = self._build()
        self._check()
        days = range(self._history + 1)
        landed = self._deliveries.by_source(days)
        return Scanned(
            landed=sum(landed.values()),
            delivered=self._deliveries.bytes(days[-1:]),
            night=night,
            refresh=self._refresh,
            refreshed=self._deliveries.bytes(range(self._rebuilt)),
            course=course.would_read(landed),
        )

    def changes(self) -> Iterator[tuple[str, Build]]:
        """Builds that find nothing new but changes of consent, landed on the night's own day.

        All of them read that day again, the one that finds nothing too. Raises as `night`.
        """
        withdrawn = given = 0
        for number, (what, change) in enumerate(changes(self._deliveries.shape).items()):
            root = fresh(self._folder / f"change-{number}")
            for people, gives in ((change.withdraw, False), (change.give, True)):
                if people:
                    consent(root, self._history, people, gives, number)
            self._local.put(root)
            withdrawn, given = withdrawn + len(change.withdraw), given + len(change.give)
            yield what, self._build()
            self._check(withdrawn, given)

    def check_course(self) -> None:
        """Runs the course's queries. Raises Failed where they scan other bytes than worked out."""
        landed = self._deliveries.by_source(range(self._history + 1))
        found, said = course.reads(self._local), course.would_read(landed)
        if found != said:
            raise Failed(f"the course's queries scanned {found:,} bytes, worked out were {said:,}")

    def _land(self, days: range | list[int]) -> None:
        self._landed += 1
        root = self._folder / f"landing-{self._history}-{self._landed}"
        self._local.put(self._deliveries.land(fresh(root), days))

    def _build(self, *options: str) -> Build:
        before, start = len(self._local.engine.executions), time.perf_counter()
        result = self._local.dbt("build", *options)
        seconds = time.perf_counter() - start
        if not result.success:
            log = self._folder / "athena.log"
            log.write_text(result.output)
            raise Failed(f"dbt build on Athena after {self._history} days failed, see {log}")
        queries = [*self._local.engine.executions.values()][before:]
        return build_of(by_node(queries), seconds)

    def _check(self, withdrawn: int = 0, given: int = 0) -> None:
        rows = expected(self._deliveries.shape, self._history + 1, withdrawn, given)
        found = {table: self._rows(table) for table in rows}
        if wrong := {t: n for t, n in rows.items() if found[t] != n}:
            raise Failed(
                f"Athena after {self._history} days came out wrong: "
                + "; ".join(f"{t}: {found[t]} rows, {n:,} expected" for t, n in wrong.items())
            )

    def _rows(self, table: str) -> int | None:
        for layer in ("staging", "trusted", "curated"):
            try:
                sql = f"select count(*) from stedi_{layer}.{table}"
                ((rows,),) = self._local.trino.query(sql).rows
                return rows
            except QueryFailed as error:
                if error.name != "TABLE_NOT_FOUND":
                    raise
        return None


def by_history(
    local: LocalLakehouse, folder: Path, shape: Shape, histories: Sequence[int]
) -> Iterator[tuple[int, Scanned, dict[str, Build]]]:
    """A night after each number of days; after the last, the changes of consent as well."""
    deliveries = Deliveries(folder / "days", shape)
    for history in histories:
        lakehouse = Lakehouse(local, folder, deliveries, history)
        night = lakehouse.night()
        if history == histories[0]:
            lakehouse.check_course()
        yield history, night, dict(lakehouse.changes()) if history == histories[-1] else {}
    deliveries.remove()
