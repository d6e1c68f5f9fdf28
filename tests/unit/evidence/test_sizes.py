"""Bytes of stored files and of measured nights."""

from __future__ import annotations

import json
from pathlib import Path

from stedi.evidence.lakehouse import sizes_on_disk
from stedi.evidence.sizes import read_sizes


def test_bytes_of_a_night_are_the_measured_ones(tmp_path: Path) -> None:
    measured = tmp_path / "docs" / "nightly.json"
    measured.parent.mkdir()
    night = {"models": {"a": 1, "b": 20}, "tests": {"c": 300}, "other": 4000}
    measured.write_text(json.dumps({"athena": {"30": {"landed": 7, "night": night}}}))
    found = read_sizes([], measured)
    assert [(n.days, n.landed, n.scanned) for n in found.nights] == [(30, 7, 4321)]
    measured.write_text("{}")
    found = read_sizes([], measured)
    assert (found.nights, found.problem) == (
        [], "docs/nightly.json: not results of the benchmark; run `make bench` to rewrite it",
    )  # fmt: skip


def test_file_with_a_misplaced_name_is_neither_counted_nor_named(tmp_path: Path) -> None:
    (tmp_path / "a.duckdb").write_bytes(b"12345")
    stray = tmp_path / "landing" / "customer" / "landing" / "ann@example.com.json"
    stray.parent.mkdir(parents=True)
    stray.touch()
    found = sizes_on_disk(tmp_path / "landing", tmp_path / "a.duckdb")
    assert found[0] == ("landed files: customer", None)
    assert found[-1] == ("tables: a.duckdb", 5)
