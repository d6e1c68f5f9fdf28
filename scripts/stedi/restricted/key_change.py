"""The files of the pseudonym key while it is rotated: which of them exist says how far it is.

key                      no rotation has begun
key, key.next            a new key was made
key, key.next, key.old   the old key is kept under a second name; key is still the old one
key, key.old             key is the new one; tables may still be of the old one
"""

from __future__ import annotations

import os
from enum import Enum
from pathlib import Path

from stedi.restricted.pseudonym_key import make_key
from stedi.storage.atomic import move, sync


class Stage(Enum):
    """How far the rotation of a key has come."""

    NOT_BEGUN = "not begun"
    MADE = "a new key was made"
    REPLACED = "the key was replaced; the old one is kept until no table has its ids"


def next_key(path: Path) -> Path:
    """The file of the new key until it takes the old one's place."""
    return path.with_name(f"{path.name}.next")


def old_key(path: Path) -> Path:
    """The file of the old key once the new one has taken its place."""
    return path.with_name(f"{path.name}.old")


def stage(path: Path) -> Stage:
    """How far the rotation of the key in this file has come."""
    if next_key(path).exists():
        return Stage.MADE
    return Stage.REPLACED if old_key(path).exists() else Stage.NOT_BEGUN


def replace_key(path: Path) -> None:
    """Puts a new key in the file and keeps the old one beside it. Resumes after an interruption.

    Raises StediError and OSError.
    """
    if stage(path) is Stage.NOT_BEGUN:
        make_key(next_key(path))
    if stage(path) is Stage.MADE:
        if not old_key(path).exists():
            os.link(path, old_key(path))
        move(next_key(path), path)


def destroy_old_key(path: Path) -> None:
    """Deletes the old key, if there is one. Raises OSError."""
    old_key(path).unlink(missing_ok=True)
    sync(path.parent)
