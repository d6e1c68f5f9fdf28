"""One local Athena for all tests of this folder, and the lakehouses that several of them share.

The account holds one lakehouse at a time, so the tests of each run one after the other. Every other
test provisions the account again.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local_athena import trino
from support.athena.built import Built, built
from support.athena.everything import land_a_little, land_everything
from support.athena.local import LocalLakehouse
from support.athena.parity import Compared, land

KEY = "the-tests-own-pseudonym-key-which-is-no-secret"
REAL = "STEDI_REAL_DELIVERIES"
SHARED = ("small", "generated", "real")
COMPARED = pytest.StashKey[list[list[Compared]]]()
OF_WORKERS = pytest.StashKey[list[str]]()  # reports of other processes


@pytest.fixture(scope="package")
def local() -> Iterator[LocalLakehouse]:
    """A running Athena; its account is as the last test left it."""
    if reason := trino.missing():
        pytest.skip(reason)
    with LocalLakehouse(KEY) as started:
        yield started


@pytest.fixture(scope="package")
def small(local: LocalLakehouse, tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Every persona and every kind of bad line once, built."""
    landing = tmp_path_factory.mktemp("small") / "landing"
    land_a_little(landing)
    return built(local, landing, tests=False)


@pytest.fixture(scope="package")
def generated(local: LocalLakehouse, tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Generated deliveries of many seeds and all bad ones, built and on Athena tested too."""
    landing = tmp_path_factory.mktemp("generated") / "landing"
    land_everything(landing)
    return built(local, landing, tests=True)


@pytest.fixture(scope="package")
def real(local: LocalLakehouse, tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The STEDI starter data, built."""
    if REAL not in os.environ:
        pytest.skip(f"set {REAL} to the STEDI starter data")
    landing = tmp_path_factory.mktemp("real") / "landing"
    land(Path(os.environ[REAL]), landing)
    return built(local, landing, tests=False)


@pytest.fixture(params=["small", pytest.param("generated", marks=pytest.mark.deep)])
def lakehouse(request: pytest.FixtureRequest) -> Built:
    """The small lakehouse and, among the deep tests, the large one."""
    found: Built = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def key_of_the_account(local: LocalLakehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    """Has Python's pseudonyms use the account's key."""
    monkeypatch.setattr("support.lakehouse.KEY", local.key_file.read_text().strip())


@pytest.fixture(scope="session")
def tally(pytestconfig: pytest.Config) -> list[list[Compared]]:
    """The tables of each comparison of two builds, which the end of the run sums up."""
    return pytestconfig.stash.setdefault(COMPARED, [])


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Puts the tests that share a lakehouse beside each other."""
    here = [n for n, item in enumerate(items) if Path(__file__).parent in item.path.parents]
    in_order = sorted((items[n] for n in here), key=_lakehouse)
    for n, item in zip(here, in_order, strict=True):
        items[n] = item


def _lakehouse(item: pytest.Item) -> int:
    parameters = item.callspec.params.values() if hasattr(item, "callspec") else ()
    used = {*getattr(item, "fixturenames", ()), *(p for p in parameters if isinstance(p, str))}
    return next((n for n, name in enumerate(SHARED) if name in used), len(SHARED))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Passes on how much a worker process has compared."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["compared"] = _compared(session.config)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Receives it."""
    if report := getattr(node, "workeroutput", {}).get("compared"):
        node.config.stash.setdefault(OF_WORKERS, []).append(report)


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Reports how much was compared."""
    for line in (*config.stash.get(OF_WORKERS, []), _compared(config)):
        if line:
            terminalreporter.write_line(line)


def _compared(config: pytest.Config) -> str:
    builds = config.stash.get(COMPARED, [])
    tables = [table for build in builds for table in build]
    rows, differing = sum(t.duckdb for t in tables), sum(t.differing for t in tables)
    summary = (
        f"{len(builds)} builds, {len(tables)} tables, {rows:,} rows compared, {differing:,} differ"
    )
    return f"parity: {summary}" if builds else ""
