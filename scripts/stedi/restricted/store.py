"""TODO."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from uuid import uuid4

from stedi.errors import StediError
from stedi.storage.atomic import sync


class UnreadableVault(StediError):
    """Something of erasures that cannot be read. Its text names it and says what to do."""


class Store(Protocol):
    """A restricted folder of small files, by their names `folder/name`."""

    def names(self, folder: str) -> list[str]:
        """The files of a folder, in order."""

    def read(self, name: str) -> bytes | None:
        """What a file holds; None where there is none."""

    def put_new(self, name: str, content: bytes) -> bool:
        """Writes a file, whole or not at all; False, and nothing done, where there is one."""

    def remove(self, name: str) -> None:
        """Removes a file for good, if it is there."""


@dataclass(frozen=True)
class LocalStore:
    """A folder on this machine, that its owner alone may read."""

    root: Path

    def names(self, folder: str) -> list[str]:
        path = self.root / folder
        try:
            found = sorted(p.name for p in path.iterdir()) if path.is_dir() else []
        except OSError as error:
            raise _unreadable(path, error) from error
        return [f"{folder}/{name}" for name in found if not name.startswith(".")]

    def read(self, name: str) -> bytes | None:
        try:
            return (self.root / name).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _unreadable(self.root / name, error) from error

    def put_new(self, name: str, content: bytes) -> bool:
        path = self.root / name
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        unfinished = path.with_name(f".{uuid4().hex}")
        try:
            with open(os.open(unfinished, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.link(unfinished, path)  # unlike a rename, it replaces nothing
        except FileExistsError:
            return False
        finally:
            unfinished.unlink(missing_ok=True)
        sync(path.parent)
        return True

    def remove(self, name: str) -> None:
        path = self.root / name
        path.unlink(missing_ok=True)
        if path.parent.is_dir():
            sync(path.parent)


def _unreadable(path: Path, error: OSError) -> UnreadableVault:
    return UnreadableVault(
        f"{path}: cannot be read ({error.strerror}), so that who was erased is not known; see that "
        "it may be read by whoever runs this"
    )
