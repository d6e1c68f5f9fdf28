"""Writes files so that readers, and a power cut, find a whole file or none.

A file is written under a name that readers pass over, and gets its own name once it is on the disk.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from stedi.errors import UsageError

UNFINISHED = ".unfinished-"  # how the names of files begin that are being written


def keep_private() -> None:
    """Has this process create files and folders that its user alone may read, or as $STEDI_UMASK
    says. Raises UsageError if that is no umask."""
    mask = os.environ.get("STEDI_UMASK") or "077"
    try:
        os.umask(int(mask, 8) & 0o777)
    except ValueError:
        raise UsageError(f"STEDI_UMASK: {mask!r} is not a umask; write it as 077 or 027") from None


def create(path: Path, content: Iterable[bytes], mode: int = 0o666) -> bool:
    """Writes a new file. Returns False, and writes nothing, if there already is one.

    mode: the permissions, of which the umask takes away. Raises OSError, and what reading
    `content` raises.
    """
    with _written(path, content, mode) as unfinished:
        try:
            os.link(unfinished, path)  # unlike a rename, it replaces nothing
        except FileExistsError:
            return False
    sync(path.parent)
    return True


def replace(
    path: Path, content: Iterable[bytes], check: Callable[[], object] = lambda: None
) -> None:
    """Writes a file in the place of another, whose permissions it keeps, or a new one.

    check: called at the last moment before the old file is replaced. Raises OSError, and what
    `check` and reading `content` raise; the old file is then unchanged.
    """
    exists = path.exists()
    with _written(path, content, 0o600 if exists else 0o666) as unfinished:
        if exists:
            shutil.copymode(path, unfinished)
        check()
        unfinished.replace(path)
    sync(path.parent)


def move(unfinished: Path, path: Path) -> None:
    """Renames a complete file to its own name, where it replaces an older one. Raises OSError."""
    sync(unfinished)
    unfinished.replace(path)
    sync(path.parent)


def sync(path: Path) -> None:
    """Makes sure that a file's content, or the names in a folder, are on disk. Raises OSError."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def unfinished_name(path: Path) -> Path:
    """A new name beside a file, which readers pass over."""
    return path.with_name(f"{UNFINISHED}{uuid4().hex}")


@contextmanager
def _written(path: Path, content: Iterable[bytes], mode: int) -> Iterator[Path]:
    """The content in a file beside `path`, on disk, which is deleted afterwards."""
    unfinished = unfinished_name(path)
    try:
        handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(handle, "wb") as file:
            file.writelines(content)
            file.flush()
            os.fsync(file.fileno())
        yield unfinished
    finally:
        unfinished.unlink(missing_ok=True)
