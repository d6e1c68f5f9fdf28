"""The pseudonym key's files while it is replaced: what stands where tells how far that has come.

key                    nothing has begun
key, key.next          a new key was made
key, key.next, key.old the old one is being put aside; key is still the old one
key, key.old           key is the new one; tables may still be of the old one
"""

from __future__ import annotations

import os
from enum import Enum
from pathlib import Path

from stedi.restricted.pseudonym_key import make_key
from stedi.storage.atomic import sync


class Stage(Enum):
    """How far the replacing of a key has come."""

    NOT_BEGUN = "not begun"
    MADE = "a new key was made"
    REPLACED = "the key was replaced; the old one is kept until no table has its ids"


def next_key(path: Path) -> Path:
    return path.with_name(f"{path.name}.next")


def old_key(path: Path) -> Path:
    return path.with_name(f"{path.name}.old")


def stage(path: Path) -> Stage:
    """How far the replacing of the key in this file has come."""
    if next_key(path).exists():
        return Stage.MADE
    return Stage.REPLACED if old_key(path).exists() else Stage.NOT_BEGUN


def replace_key(path: Path) -> None:
    """Has the file hold a new key, and the old one lie beside it; goes on where it was broken off.

    Raises OSError.
    """
    if stage(path) is Stage.NOT_BEGUN:
        make_key(next_key(path))
    if stage(path) is Stage.MADE:
        if not old_key(path).exists():
            os.link(path, old_key(path))
        os.replace(next_key(path), path)
        sync(path.parent)


def destroy_old_key(path: Path) -> None:
    """Removes the old key; nothing where there is none. Raises OSError."""
    old_key(path).unlink(missing_ok=True)
    sync(path.parent)
