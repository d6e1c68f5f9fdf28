"""Who reads a landed file, DuckDB itself or Python, kept from one start of dbt to the next.

To find out, a file must be read to its end; noted, that is done once a file, so that a start takes
as long as what is new, not as all that ever landed. The notes may be deleted at any time.
"""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import stedi.landing.files as landing_files
from stedi.landing.files import is_plain, unreadable
from stedi.storage.atomic import replace

# Verdicts, and lines that were read, hold for the code that says what they are.
READER = hashlib.sha256(Path(landing_files.__file__).read_bytes()).hexdigest()[:16]


class Stamp(NamedTuple):
    """By what a file is known again. One that has changed has another stamp."""

    size: int
    mtime_ns: int

    @classmethod
    def of(cls, path: Path) -> Stamp:
        """Raises UnreadableFile."""
        try:
            found = path.stat()
        except OSError as error:
            raise unreadable(path, error) from error
        return cls(found.st_size, found.st_mtime_ns)


def may_read(path: Path) -> bool:
    """Whether this process may open the file, without opening it."""
    return os.access(path, os.R_OK, effective_ids=os.access in os.supports_effective_ids)


class Verdicts:
    """The verdicts on the landed files of an entity, kept in a folder that readers pass over."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "verdicts"
        self._before = _read(self._path)
        self._now: dict[str, list] = {}

    def is_plain(self, ingest_date: str, path: Path, stamp: Stamp) -> bool:
        """landing_files.is_plain of a file; reads it if need be, one that is not plain in part.

        `stamp` was taken before, so that a file that changes meanwhile is read at the next start.
        Raises UnreadableFile.
        """
        name = f"{ingest_date}/{path.name}"
        noted = self._before.get(name)
        if noted in ([*stamp, True], [*stamp, False]) and may_read(path):
            self._now[name] = noted
        else:
            self._now[name] = [*stamp, is_plain(path)]
        return self._now[name][-1]

    def keep(self) -> None:
        """Notes the verdicts, if any is new or a file is gone. Where that fails all stays right.

        For when every file was found to be readable.
        """
        if self._now == self._before:
            return
        notes = json.dumps({"reader": READER, "files": self._now})
        with suppress(OSError):
            self._path.parent.mkdir(exist_ok=True)
            replace(self._path, [notes.encode()])


def _read(path: Path) -> dict[str, Any]:
    """The notes; none where there are none, or such that another version of the code wrote."""
    try:
        notes = json.loads(path.read_bytes())
        if notes["reader"] == READER and isinstance(notes["files"], dict):
            return notes["files"]
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        pass
    return {}
