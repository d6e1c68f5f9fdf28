"""What all tests share: who runs what where two processes share the work (`make test`)."""

from __future__ import annotations

from pathlib import Path

import pytest

TESTS = Path(__file__).parent
ATHENA = "athena_local"


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """One process runs all that is on the local Athena, which is one account; of the rest each file
    is one process's, for its tests share what it has built."""
    if config.pluginmanager.hasplugin("xdist"):
        for item in items:
            place = item.path.relative_to(TESTS).parts
            group = ATHENA if place[0] == ATHENA else "/".join(place)
            item.add_marker(pytest.mark.xdist_group(group))
