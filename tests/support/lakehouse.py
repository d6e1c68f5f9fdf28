"""Runs dbt on a lakehouse in a folder of its own, and reads what came out."""

from __future__ import annotations

import hashlib
import hmac
import json
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.context import ForkProcess
from pathlib import Path
from typing import Any, TextIO

import duckdb
import pytest

from support import dbt_process
from support.dbt_process import Result
from support.killing import Before

PROJECT = Path(__file__).resolve().parents[2]
KEY = "the tests' own pseudonym key, which is no secret"
ERASURE_KEY = "the tests' own key of erasures, which is none"

WITHOUT_TESTS = ("--exclude-resource-type", "test", "--exclude-resource-type", "unit_test")

# Tables that tell of the builds themselves: their rows depend on which builds there were.
EXEMPT = {"builds", "changed_identifiers", "readable_releases", "releases", "withdrawals"}

Table = Counter[tuple[Any, ...]]  # rows, and how often each is there


def customer_id(email: str) -> str:
    """What the lakehouse must make of an email under KEY: RFC 2104, by Python's own hmac."""
    return hmac.new(KEY.encode(), email.encode(), hashlib.sha256).hexdigest()


def _remembered(text: str) -> str:
    """The HMAC by which an erased person, or their device, is known."""
    return hmac.new(ERASURE_KEY.encode(), text.encode(), hashlib.sha256).hexdigest()


@dataclass
class Lakehouse:
    """A lakehouse in `folder`; `project` is the dbt project that builds it."""

    folder: Path
    project: Path = PROJECT

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.landing = self.folder / "landing"
        self.database = self.folder / "lakehouse.duckdb"
        self.key_file = self.folder / "key"
        self.key_file.write_text(KEY + "\n")
        shutil.copy(PROJECT / "profiles.yml.example", self.folder / "profiles.yml")

    def land(self, entity: str, name: str, content: bytes, date: str = "2024-01-01") -> Path:
        """Puts a file into the landing zone without looking at it."""
        path = self.landing / entity / "landing" / f"ingest_date={date}" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    def withhold(self, email: str) -> None:
        """Notes that a person was erased, as `stedi erase` does."""
        name = _remembered(email)
        self._restrict("erasure_key/erasure_key", ERASURE_KEY)
        self._restrict(f"erasures/{name}", name)

    def remember_claim(self, email: str, device: str, since: int, until: int) -> None:
        """Keeps a claim of a person who was erased, as `stedi erase` does."""
        claim = (_remembered(email), _remembered(device), str(since), str(until))
        self._restrict("erasure_key/erasure_key", ERASURE_KEY)
        self._restrict(f"device_claims/{'-'.join(claim)}", ",".join(claim))

    def _restrict(self, file: str, content: str) -> None:
        (self.folder / file).parent.mkdir(exist_ok=True)
        (self.folder / file).write_text(content + "\n")

    def dbt(self, *arguments: str, kill_at: int | Before | None = None) -> Result:
        """Runs a dbt command in a process of its own.

        kill_at: the change of the database before which it is killed; a number, counted from 0, is
        that of the same one each time only in one thread.
        """
        with self.environment():
            parsed = dbt_process.parse(self.project, self._target, arguments, self._options)
            return dbt_process.run(parsed, [*arguments, *self._options], kill_at)

    @contextmanager
    def start(self, *arguments: str) -> Iterator[tuple[ForkProcess, TextIO]]:
        """Starts a dbt command: its process, which can be killed, and what it prints, to read as it
        comes. Waits for its end."""
        with self.environment():
            parsed = dbt_process.parse(self.project, self._target, arguments, self._options)
            process, output = dbt_process.start(parsed, [*arguments, *self._options])
        try:
            yield process, output
        finally:
            output.close()
            process.join()

    def build(self, scope: str | None = None, tests: bool = True) -> None:
        """Builds everything, and runs dbt's tests unless that is too much; fails the test at hand
        where that fails."""
        scopes = ["--vars", f"consent_scope: {scope}"] if scope else []
        result = self.dbt("build", *scopes, *(() if tests else WITHOUT_TESTS))
        assert result.success, result.errors

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """The rows of a query on the database."""
        with duckdb.connect(self.database, read_only=True) as connection:
            return connection.execute(sql).fetchall()

    def table(self, name: str, columns: str = "*") -> Table:
        """A table `schema.name` as a multiset of rows."""
        return Counter(self.query(f"select {columns} from {name}"))

    def tables(self) -> dict[str, Table]:
        """All tables by name, but those that tell of the builds themselves."""
        names = self.query(
            "select table_schema || '.' || table_name from information_schema.tables order by 1"
        )
        return {n: self.table(n) for (n,) in names if n.rpartition(".")[2] not in EXEMPT}

    def manifest(self) -> dict[str, Any]:
        """The manifest that the last dbt command wrote."""
        return json.loads((self._target / "manifest.json").read_text())

    def parse_again(self) -> None:
        """Has the next command parse the project, whose files have been changed."""
        dbt_process.forget(self.project)

    @property
    def _target(self) -> Path:
        return self.folder / "target"

    @property
    def _options(self) -> list[str]:
        return [
            *("--project-dir", str(self.project)),
            *("--profiles-dir", str(self.folder)),
            *("--target-path", str(self._target)),
            *("--log-path", str(self.folder / "logs")),
        ]

    @contextmanager
    def environment(self) -> Iterator[None]:
        """The environment in which `stedi` and dbt find this lakehouse."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("STEDI_LANDING", str(self.landing))
            patch.setenv("STEDI_DUCKDB", str(self.database))
            patch.setenv("STEDI_PSEUDONYM_KEY_FILE", str(self.key_file))
            patch.setenv("DBT_PROJECT_DIR", str(self.project))
            patch.setenv("DBT_PROFILES_DIR", str(self.folder))
            patch.setenv("DBT_SEND_ANONYMOUS_USAGE_STATS", "false")
            patch.chdir(self.project)
            yield
