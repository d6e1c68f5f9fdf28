"""Remembers, between dbt runs, which landed files DuckDB can read exactly. Safe to delete.

Finding that out takes reading a file to its end. As it is done once a file, dbt starts as quickly
as it can read what is new, however much has ever landed.
"""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import stedi.landing.files
from stedi.landing.files import is_plain, unreadable
from stedi.storage.atomic import replace

# What is remembered holds only for the code that read the files: is_plain and read_lines.
READER = hashlib.sha256(Path(stedi.landing.files.__file__).read_bytes()).hexdigest()[:16]
FILE_NAME = "plain_files.json"

_Known = dict[str, list[int | bool]]  # ingest_date/name -> size, mtime_ns, is it plain


class Stamp(NamedTuple):
    """Identifies a version of a file: a changed file has another stamp."""

    size: int  # bytes
    mtime_ns: int

    @classmethod
    def of(cls, path: Path) -> Stamp:
        """The stamp of a file. Raises UnreadableFile."""
        try:
            found = path.stat()
        except OSError as error:
            raise unreadable(path, error) from error
        return cls(found.st_size, found.st_mtime_ns)


def may_read(path: Path) -> bool:
    """Whether this process may open the file, found without opening it."""
    return os.access(path, os.R_OK, effective_ids=os.access in os.supports_effective_ids)


class PlainFiles:
    """Knows which of an entity's landed files are plain: DuckDB reads exactly their lines.

    folder: where it is remembered, a folder that readers of the landing zone ignore.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE_NAME
        self._before = _read(self._path)
        self._now: _Known = {}

    def includes(self, ingest_date: str, path: Path, stamp: Stamp) -> bool:
        """Whether a file is plain; reads it if that is not known, and a plain one to its end.

        stamp: taken before, so that a file that changes meanwhile is read again at the next start.
        Raises UnreadableFile.
        """
        name = f"{ingest_date}/{path.name}"
        known = self._before.get(name)
        if known not in ([*stamp, True], [*stamp, False]) or not may_read(path):
            known = [*stamp, is_plain(path)]
        self._now[name] = known
        return bool(known[-1])

    def save(self) -> None:
        """Remembers the files asked about, and no others. If it cannot, they are read again.

        To be called once all files were found to be readable.
        """
        if self._now != self._before:
            content = json.dumps({"reader": READER, "files": self._now}).encode()
            with suppress(OSError):
                self._path.parent.mkdir(exist_ok=True)
                replace(self._path, [content])


def _read(path: Path) -> _Known:
    """What was remembered; nothing if it cannot be read or other code wrote it."""
    try:
        content = json.loads(path.read_bytes())
        known = content["files"] if content["reader"] == READER else {}
        return known if isinstance(known, dict) else {}
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return {}
