from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of a pseudonym key, that the duckdb target takes."""
    path = tmp_path / "key"
    path.write_text("a key of the tests that is no secret at all\n")
    monkeypatch.setenv("STEDI_PSEUDONYM_KEY_FILE", str(path))
    return path
