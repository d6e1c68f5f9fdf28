"""A lakehouse on the local Athena that a history happens to, beside DuckDB's full refresh."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from itertools import count
from pathlib import Path

from athena_local.faults import Call, Matches, injected, killed
from athena_local.local import AthenaLocal
from athena_local.parity import of_trino
from expected_tables import Rows
from histories import FIRST_DAY, PER_MILLE, Build
from killing import Before
from lakehouse import Lakehouse
from on_duckdb import OnDuckDB
from replay import LAYERS, Outcome

CHANGING = ("create", "merge", "insert", "delete", "alter", "drop")
FIRST_GUESS = 100  # changes of a build, where none has ended yet


class OnAthena:
    """See replay.Engine. A build is killed before one of its calls that change something."""

    def __init__(self, local: AthenaLocal, folder: Path, last: date) -> None:
        """folder: an empty one. last: the last day of the history."""
        self._local = local
        self._landed = Lakehouse(folder / "landed")  # of DuckDB, for its landing zone alone
        self._duckdb = OnDuckDB(folder / "duckdb")
        self._changes = FIRST_GUESS
        local.provision(FIRST_DAY)
        local.project(FIRST_DAY, last + timedelta(days=1))  # Trino wants two days

    def land(self, source: str, name: str, content: bytes, date: str) -> None:
        path = self._landed.land(source, name, content, date)
        self._local.client("s3").put_object(
            Bucket=self._local.lake.config.bucket,
            Key=path.relative_to(self._landed.landing).as_posix(),
            Body=content,
        )

    def build(self, build: Build) -> Outcome:
        # in one thread, so that calls come in one order; else as wide as Athena is built on
        arguments = build.arguments if build.killed is not None else _wide(build.arguments)
        if build.killed is not None:
            broken = killed(self._local, self._last(build.killed), *arguments)
            if broken.at is not None:
                return Outcome(success=False, killed=True)
            return Outcome(success=True, errors=broken.output)
        with injected(self._local) as calls:
            result = self._local.dbt(*arguments)
        if build.select is None:
            self._changes = sum(map(changes, calls.of("dbt")))
        return Outcome(result.success, errors=result.output)

    def _last(self, moment: int | Before) -> Matches:
        """The call before which a build is killed."""
        numbers = count()
        if isinstance(moment, Before):
            meant = lambda c: c.action == "StartQueryExecution" and moment.is_meant(c.body)  # noqa
            return lambda c: meant(c) and next(numbers) == moment.nth
        at = moment * self._changes // PER_MILLE
        return lambda c: changes(c) and next(numbers) == at

    def tables(self, layers: Iterable[str] = LAYERS) -> dict[str, Rows]:
        catalog = self._local.client("glue")
        names = [
            f"{table['DatabaseName']}.{table['Name']}"
            for layer in layers
            for table in catalog.get_tables(DatabaseName=f"stedi_{layer}")["TableList"]
        ]
        return {name: of_trino(self._local, name) for name in names}

    def rebuilt(self, scope: str) -> dict[str, Rows]:
        return self._duckdb.rebuilt_from(self._landed.landing, scope)


def changes(call: Call) -> bool:
    """Whether a call may change tables or files."""
    if call.action == "StartQueryExecution":
        words = call.body.replace("\\n", " ").lower()
        return any(f" {verb} " in words for verb in CHANGING)
    return call.action.startswith(("Update", "Delete", "POST ?delete", "PUT", "DELETE"))


def _wide(arguments: tuple[str, ...]) -> list[str]:
    at = arguments.index("--threads")
    return [*arguments[:at], *arguments[at + 2 :]]
