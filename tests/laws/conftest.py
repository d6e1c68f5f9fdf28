"""Fixtures of the tests that run dbt on DuckDB."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.lakehouse import Lakehouse


@pytest.fixture
def lakehouse(tmp_path: Path) -> Lakehouse:
    """A lakehouse without deliveries, in a folder of its own."""
    return Lakehouse(tmp_path)
