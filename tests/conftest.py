"""What all tests share: who runs what where two processes share the work (`make test`)."""

from __future__ import annotations

from typing import Any

import pytest

ATHENA = "tests/athena/"


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """One process runs all that is on the local Athena, which is one account; of the rest each file
    is one process's, for its tests share what they have built."""
    from xdist.scheduler import LoadScopeScheduling

    class ByWhatIsShared(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return ATHENA if nodeid.startswith(ATHENA) else nodeid.split("::")[0]

    return ByWhatIsShared(config, log)
