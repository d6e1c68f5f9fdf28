"""What a power cut must not undo."""

from __future__ import annotations

import os
from pathlib import Path


def sync(path: Path) -> None:
    """Has the disk hold a file's content, or a folder's names. Raises OSError."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
