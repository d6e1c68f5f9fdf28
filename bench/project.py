"""Where the project is. Puts its scripts/ on the path, so that the benchmark may use them."""

from __future__ import annotations

import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
BENCH = PROJECT / "bench"
FOLDER = PROJECT / "target" / "bench"

sys.path.append(str(PROJECT / "scripts"))
