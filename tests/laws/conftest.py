"""Fixtures of the tests that run dbt on DuckDB."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from support.lakehouse import Lakehouse
from support.withdrawal import measure

# Makes a lakehouse what a function makes of one without deliveries.
Prepare = Callable[[Lakehouse, Callable[[Lakehouse], None]], None]


@pytest.fixture
def lakehouse(tmp_path: Path) -> Lakehouse:
    """A lakehouse without deliveries, in a folder of its own."""
    return Lakehouse(tmp_path)


@pytest.fixture(scope="session")
def prepare(tmp_path_factory: pytest.TempPathFactory) -> Prepare:
    """Copies the files of a lakehouse that was prepared once for each profile."""
    prepared: dict[tuple[Callable[[Lakehouse], None], str], Path] = {}

    def prepare(lakehouse: Lakehouse, make: Callable[[Lakehouse], None]) -> None:
        profile = lakehouse.folder / "profiles.yml"
        key = (make, profile.read_text())
        if key not in prepared:
            first = Lakehouse(tmp_path_factory.mktemp("prepared"))
            shutil.copy(profile, first.folder)
            make(first)
            prepared[key] = first.folder
        shutil.copytree(prepared[key], lakehouse.folder, dirs_exist_ok=True)

    return prepare


@pytest.fixture
def measured(lakehouse: Lakehouse, prepare: Prepare) -> Lakehouse:
    """Ann and Ben consent and have two readings each, a day apart; it is built."""
    prepare(lakehouse, measure)
    return lakehouse
