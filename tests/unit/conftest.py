"""Fixtures of all unit tests: a key file, and the environment that names a lakehouse."""

from __future__ import annotations

from pathlib import Path

import boto3
import pytest

from support.targets import KEY, clear_environment, set_duckdb_target


@pytest.fixture
def key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A pseudonym key's file, which the duckdb target is to use."""
    path = tmp_path / "key"
    path.write_text(KEY + "\n")
    monkeypatch.setenv("STEDI_PSEUDONYM_KEY_FILE", str(path))
    return path


@pytest.fixture
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No settings of whoever runs the tests; AWS credentials that open nothing."""
    clear_environment(monkeypatch)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)  # it keeps the credentials of other tests


@pytest.fixture
def duckdb_lakehouse(
    clean_environment: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """The folder of an empty lakehouse, in which `stedi` and dbt find landing zone, tables, key."""
    set_duckdb_target(monkeypatch, tmp_path)
    return tmp_path
