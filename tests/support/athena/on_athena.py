"""A lakehouse on the local Athena that a history happens to, beside DuckDB's full refresh."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from datetime import date, timedelta
from itertools import count
from pathlib import Path

from local_athena.faults import Call, Matches, injected
from stedi.storage.bucket import Bucket
from support.athena.local import LocalLakehouse
from support.athena.parity import of_trino
from support.athena.stored import beyond_staging, everywhere
from support.histories import FIRST_DAY, PER_MILLE, Build, Deliver, History
from support.killing import Before
from support.lakehouse import customer_id
from support.on_duckdb import REMEMBERED, OnDuckDB
from support.oracle import Line, Rows, landed_lines
from support.replay import LAYERS, Outcome

CHANGING = ("create", "merge", "insert", "delete", "alter", "drop")
FIRST_GUESS = 100  # changes of a build, where none has ended yet


class OnAthena:
    """See replay.Engine. A build is killed before one of its calls that change something."""

    def __init__(self, local: LocalLakehouse, folder: Path, history: History) -> None:
        """folder: an empty one. history: the one that is to happen, for its days."""
        self._local = local
        self._landed = folder / "landed"  # a copy of what DuckDB builds anew
        self._duckdb = OnDuckDB(folder / "duckdb")
        self._changes = FIRST_GUESS
        local.provision(FIRST_DAY)
        last = date.fromisoformat(history.dates()[-1])
        local.end_landing(FIRST_DAY, last + timedelta(days=1))  # Trino wants two days

    def land(self, source: str, name: str, content: bytes, date: str) -> None:
        key = f"{source}/landing/ingest_date={date}/{name}"
        self.bucket.client.put_object(Bucket=self.bucket.name, Key=key, Body=content)

    @property
    def bucket(self) -> Bucket:
        return Bucket(self._local.client("s3"), self._local.lake.config.bucket)

    def build(self, build: Build) -> Outcome:
        # in one thread, so that calls come in one order; else as wide as Athena is built on
        arguments = build.arguments if build.killed is not None else _wide(build.arguments)
        if build.killed is not None:
            broken = self._local.kill_dbt(self._last(build.killed), *arguments)
            if broken.at is not None:
                return Outcome(success=False, killed=True)
            return Outcome(broken.success, errors=broken.output)
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

    def maintain(self) -> None:
        self._stedi("maintain", *self._local.target)
        self._stedi("purge", "--results", *self._local.target)

    def left_behind(self, texts: dict[str, str]) -> list[str]:
        """Texts in any version of an object beyond staging, where no row has them."""
        found = beyond_staging(self.bucket, texts)
        print(f"{found.size:,} bytes searched, of {found.files} files beyond staging")
        return [f"{what} in {key}" for key, hits in found.hits.items() for what in hits]

    def link(self, source: str, date: str) -> None:
        """A bucket has no links."""

    def erase(self, emails: list[str], killed: int | None = None) -> None:
        self._erase(emails)

    def reinstate(self, emails: list[str]) -> None:
        self._erase(emails, "--reinstate")

    def _erase(self, emails: list[str], *options: str) -> None:
        given = "".join(f"  {email.upper()}\n" for email in emails)
        # where people are erased there need be no pseudonym key on the machine
        nowhere = {"STEDI_PSEUDONYM_KEY_FILE": "/nowhere"}
        printed = self._stedi("erase", *self._local.target, *options, given=given, **nowhere)
        assert not any(email in printed or customer_id(email) in printed for email in emails)

    def _stedi(self, *arguments: str, **more: str) -> str:
        done = self._local.stedi(*arguments, **more)
        assert done.returncode == 0, done.stdout
        return done.stdout

    def holds(self, texts: dict[str, str]) -> dict[str, set[str]]:
        return everywhere(self.bucket, texts)

    def landed(self) -> list[Line]:
        self._copy()
        return landed_lines(self._landed / "landing")

    def rebuilt(self, scope: str) -> dict[str, Rows]:
        """By DuckDB, of what lies in the bucket."""
        self._copy()
        return self._duckdb.rebuilt_from(self._landed, scope)

    def _copy(self) -> None:
        """Copies what lies in the bucket."""
        shutil.rmtree(self._landed, ignore_errors=True)
        for found in self.bucket.objects():
            folder = "landing/" if "/landing/" in found.key else ""
            key = folder + found.key.removeprefix("restricted/")
            if key.partition("/")[0] in ("landing", *REMEMBERED):
                path = self._landed / key
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(self.bucket.read(found.key))


def nearer(history: History) -> History:
    """The history on days that follow on each other: Trino looks into every day's folder."""
    return History(
        tuple(
            step._replace(later=min(step.later, 1)) if isinstance(step, Deliver) else step
            for step in history.steps
        )
    )


def changes(call: Call) -> bool:
    """Whether a call may change tables or files."""
    if call.action == "StartQueryExecution":
        words = call.body.replace("\\n", " ").lower()
        return any(f" {verb} " in words for verb in CHANGING)
    return call.action.startswith(("Update", "Delete", "POST ?delete", "PUT", "DELETE"))


def _wide(arguments: tuple[str, ...]) -> list[str]:
    at = arguments.index("--threads")
    return [*arguments[:at], *arguments[at + 2 :]]
