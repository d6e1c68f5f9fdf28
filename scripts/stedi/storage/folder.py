"""A folder on this machine as storage."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from stedi.storage import atomic
from stedi.storage.storage import Changed, Content, Object, Progress, Version


@dataclass(frozen=True)
class FolderStorage:
    """A folder, which need not exist yet. is_private: only its owner may read what is written."""

    root: Path
    is_private: bool = False

    def address(self, key: str) -> str:
        return str(self.root / key)

    def objects(self, prefix: str = "") -> Iterator[Object]:
        for path in self._files(prefix):
            if not path.name.startswith(atomic.UNFINISHED):
                try:
                    found = path.stat()
                except FileNotFoundError:  # deleted meanwhile, or a link to nothing
                    continue
                since = datetime.fromtimestamp(found.st_mtime, UTC)
                yield Object(self._key(path), since, found.st_size, _tag(found))

    def folders(self, prefix: str) -> list[str]:
        folder = self.root / prefix
        return sorted(p.name for p in folder.iterdir() if p.is_dir()) if folder.is_dir() else []

    def read(self, key: str) -> bytes:
        return (self.root / key).read_bytes()

    def open(self, key: str, version: str = "") -> BinaryIO:
        return (self.root / key).open("rb")

    def has_content(self, key: str, size: int, sha256: str) -> bool:
        with (self.root / key).open("rb") as file:
            same_size = os.fstat(file.fileno()).st_size == size
            return same_size and hashlib.file_digest(file, "sha256").hexdigest() == sha256

    def create(self, key: str, content: Content, progress: Progress = lambda _: None) -> bool:
        path = self.root / key
        folder_mode, file_mode = (0o700, 0o600) if self.is_private else (0o777, 0o666)
        path.parent.mkdir(mode=folder_mode, parents=True, exist_ok=True)
        return atomic.create(path, _reported(content, progress), file_mode)

    def replace(self, found: Object, content: Content) -> None:
        path = self.root / found.key

        def check() -> None:
            if not path.exists() or _tag(path.stat()) != found.tag:
                raise Changed(self.address(found.key))

        atomic.replace(path, content, check)

    def delete(self, key: str) -> None:
        path = self.root / key
        path.unlink(missing_ok=True)
        if path.parent.is_dir():
            atomic.sync(path.parent)

    def delete_old_versions(self, prefix: str) -> int:
        return 0  # a folder keeps none

    def delete_all(self, prefix: str) -> int:
        paths = [*self._files(prefix)]
        for path in paths:
            path.unlink(missing_ok=True)
        return len(paths)

    def versions(self, prefix: str = "") -> Iterator[Version]:
        for path in self._files(prefix):
            if path.is_file():
                found = path.stat()
                since = datetime.fromtimestamp(found.st_mtime, UTC)
                yield Version(self._key(path), "", True, False, since, found.st_size)

    def check_writable(self, prefix: str) -> None:
        for folder in {path.parent for path in self._files(prefix)}:
            with tempfile.TemporaryFile(prefix=atomic.UNFINISHED, dir=folder):
                pass

    def delete_unfinished(self, prefix: str) -> None:
        for path in self._files(prefix):
            if path.name.startswith(atomic.UNFINISHED):
                path.unlink(missing_ok=True)

    def _files(self, prefix: str) -> list[Path]:
        """All files whose keys begin with a prefix, in order; those in linked folders, too."""
        found = []
        top = self.root / prefix.rpartition("/")[0]
        for folder, folders, names in os.walk(top, onerror=_refuse, followlinks=True):
            folders[:] = [name for name in folders if not _is_loop(Path(folder), name)]
            found += [Path(folder, name) for name in names]
        keys = {self._key(path): path for path in found}
        return [keys[key] for key in sorted(keys) if key.startswith(prefix)]

    def _key(self, path: Path) -> str:
        return path.relative_to(self.root).as_posix()


def _tag(found: os.stat_result) -> str:
    return f"{found.st_ino}-{found.st_mtime_ns}-{found.st_size}"


def _reported(content: Content, progress: Progress) -> Iterator[bytes]:
    for block in content:
        yield block
        progress(len(block))


def _is_loop(folder: Path, name: str) -> bool:
    """Whether what has this name in a folder is a link to the folder, or to one above it."""
    path = folder / name
    return path.is_symlink() and folder.resolve().is_relative_to(path.resolve())


def _refuse(error: OSError) -> None:
    """Raises what keeps a folder from being listed, except that it does not exist."""
    if not isinstance(error, FileNotFoundError):
        raise error
