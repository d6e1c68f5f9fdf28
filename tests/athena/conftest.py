"""One local Athena for all the tests of this folder, and two lakehouses that several of them read.

The account holds one lakehouse at a time, so the tests of each come one after the other; every
other test provisions its account anew.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local_athena import trino
from support.athena.built import Built, built
from support.athena.everything import land_everything
from support.athena.local import AthenaLocal, running
from support.athena.parity import Compared, land

KEY = "the-tests-own-pseudonym-key-which-is-no-secret"
REAL = "STEDI_REAL_DELIVERIES"
SHARED = ("generated", "real")
COMPARED = pytest.StashKey[list[list[Compared]]]()
TOLD = pytest.StashKey[list[str]]()  # by other processes


@pytest.fixture(scope="package")
def local() -> Iterator[AthenaLocal]:
    """A running Athena; its account is as the last test left it."""
    if reason := trino.missing():
        pytest.skip(reason)
    with running(KEY) as started:
        yield started


@pytest.fixture(scope="package")
def generated(local: AthenaLocal, tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Generated deliveries of many seeds and all bad ones, built and on Athena tested too."""
    landing = tmp_path_factory.mktemp("generated") / "landing"
    land_everything(landing)
    return built(local, landing, tests=True)


@pytest.fixture(scope="package")
def real(local: AthenaLocal, tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The STEDI starter data, built."""
    if REAL not in os.environ:
        pytest.skip(f"set {REAL} to the STEDI starter data")
    landing = tmp_path_factory.mktemp("real") / "landing"
    land(Path(os.environ[REAL]), landing)
    return built(local, landing, tests=False)


@pytest.fixture
def key_of_the_account(local: AthenaLocal, monkeypatch: pytest.MonkeyPatch) -> None:
    """Python's pseudonyms are of the key that the account has."""
    monkeypatch.setattr("lakehouse.KEY", local.key_file.read_text().strip())


@pytest.fixture(scope="session")
def tally(pytestconfig: pytest.Config) -> list[list[Compared]]:
    """What the end of the run tells of: the tables of each comparison of two builds."""
    return pytestconfig.stash.setdefault(COMPARED, [])


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Puts the tests that share a lakehouse beside each other."""
    here = [n for n, item in enumerate(items) if Path(__file__).parent in item.path.parents]
    in_order = sorted((items[n] for n in here), key=_lakehouse)
    for n, item in zip(here, in_order):
        items[n] = item


def _lakehouse(item: pytest.Item) -> int:
    used = getattr(item, "fixturenames", ())
    return next((n for n, name in enumerate(SHARED) if name in used), len(SHARED))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Has a process that runs a part of the tests say how much it compared."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["compared"] = _compared(session.config)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Hears it."""
    if told := getattr(node, "workeroutput", {}).get("compared"):
        node.config.stash.setdefault(TOLD, []).append(told)


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Says how much was compared."""
    for line in (*config.stash.get(TOLD, []), _compared(config)):
        if line:
            terminalreporter.write_line(line)


def _compared(config: pytest.Config) -> str:
    builds = config.stash.get(COMPARED, [])
    tables = [table for build in builds for table in build]
    rows, differing = sum(t.duckdb for t in tables), sum(t.differing for t in tables)
    told = f"{len(builds)} builds, {len(tables)} tables, {rows:,} rows compared, {differing:,} differ"
    return f"parity: {told}" if builds else ""
