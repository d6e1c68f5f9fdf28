"""One local Athena for all the tests of this folder; each test provisions its account anew."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from athena_local import trino
from athena_local.local import AthenaLocal, running

KEY = "the-tests-own-pseudonym-key-which-is-no-secret"


@pytest.fixture(scope="package")
def local() -> Iterator[AthenaLocal]:
    """A running Athena; its account is as the last test left it."""
    if reason := trino.missing():
        pytest.skip(reason)
    with running(KEY) as started:
        yield started
