"""Where the project and the benchmark's files are."""

from __future__ import annotations

from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
BENCH = PROJECT / "bench"
FOLDER = PROJECT / "target" / "bench"
