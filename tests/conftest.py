"""What all tests share: their environment, and their order where two processes share the work.

`make test` runs all but the tests marked `deep`; `make test-deep` runs those. What is deep checks
again, more closely, what a test that is not deep checks: more seeds, more moments to be killed at.
Of the breaks of a privacy test, one is not deep.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from _pytest.junitxml import xml_key

from stedi.evidence.laws import DESELECTED

ATHENA = "tests/athena/"
# These share nothing with the others and take as long as half of them: they get an Athena of their
# own, in whichever process is free.
SECOND_ATHENA = tuple(
    f"{ATHENA}test_{name}.py"
    for name in ("histories_on_athena", "nights_fail", "whole_lives_on_athena")
)
# What takes long comes first, so that no process is left alone with it in the end.
ORDER = (ATHENA, "tests/laws/", "tests/documents/", "tests/unit/bench/", "")
# Settings of the tests themselves.
OWN_SETTINGS = (
    "STEDI_ATHENA_",
    "STEDI_ERASED_INPUTS",
    "STEDI_FAULT_POINTS",
    "STEDI_HISTORIES",
    "STEDI_LIVES",
    "STEDI_NARROW_SECONDS",
    "STEDI_REAL_DELIVERIES",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sorts the tests by folder; within one they stay in their order."""
    items.sort(key=lambda item: next(n for n, at in enumerate(ORDER) if item.nodeid.startswith(at)))


@pytest.fixture(scope="session", autouse=True)
def no_lakehouse_of_the_developer() -> Iterator[None]:
    """Removes the settings by which whoever runs the tests names a lakehouse or an AWS account."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [*os.environ]:
            if name.startswith(("AWS_", "DBT_", "STEDI_")) and not name.startswith(OWN_SETTINGS):
                patch.delenv(name)
        patch.setenv("DBT_SEND_ANONYMOUS_USAGE_STATS", "false")
        yield


@pytest.fixture(autouse=True)
def umask_of_the_developer() -> Iterator[None]:
    """What runs in the tests' own process leaves its umask there."""
    umask = os.umask(0)
    os.umask(umask)
    yield
    os.umask(umask)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Tests that share a local Athena, which is one account, run in one process; of the rest each
    file is one process's, because its tests share what they have built."""
    from xdist.scheduler import LoadScopeScheduling

    class ByWhatIsShared(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            if nodeid.startswith(SECOND_ATHENA):
                return "a second Athena"
            return ATHENA if nodeid.startswith(ATHENA) else nodeid.split("::")[0]

    return ByWhatIsShared(config, log)


LEFT_OUT = pytest.StashKey[Counter[str]]()  # deselected tests by file


def pytest_deselected(items: list[pytest.Item]) -> None:
    """Counts what `make test` or `make test-deep` leaves to the other."""
    for item in items:
        item.config.stash.setdefault(LEFT_OUT, Counter())[item.nodeid.split("::")[0]] += 1


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Notes it in the JUnit file, so that no law counts as proven by tests that were left out."""
    left_out = session.config.stash.get(LEFT_OUT, Counter())
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["left_out"] = dict(left_out)
    elif (junit := session.config.stash.get(xml_key, None)) is not None:
        for file, number in sorted(left_out.items()):
            junit.add_global_property(DESELECTED, f"{number} {file}")


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Takes it from a worker; all workers collect the same."""
    if left_out := getattr(node, "workeroutput", {}).get("left_out"):
        node.config.stash[LEFT_OUT] = Counter(left_out)
