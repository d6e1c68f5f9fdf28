"""Law 2 over the life of a device: what it measured for one person is never another's."""

from __future__ import annotations

from pathlib import Path

from support.ann_and_ben import live
from support.on_duckdb import OnDuckDB


def test_a_device_that_is_handed_on_keeps_what_it_measured_with_whom_it_was(tmp_path: Path) -> None:
    live(OnDuckDB(tmp_path))
