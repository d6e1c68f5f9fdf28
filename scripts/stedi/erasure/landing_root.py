"""The landing root as an erasure sees it: landed files to rewrite, and all that is stored beside.

A landed file is rewritten in one step: its readers find the old one or the new one.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from stedi.landing.files import UnreadableFile
from stedi.landing.names import is_landed
from stedi.landing.raw_lines import blocks_of, lines_of, packed, without
from stedi.layout import ENTITIES, LANDED, RESTRICTED, RESULTS, ZONES
from stedi.search.search import Stored, versions_below
from stedi.storage.storage import Object, Storage

IsOut = Callable[[bytes], bool]  # whether a line, given with its end, is to be removed
WHOLE_FOLDER = ("",)
WHOLE_BUCKET = tuple(f"{zone}/" for zone in ZONES if zone != RESTRICTED)


@dataclass(frozen=True)
class LandingRoot:
    """Where landed files are. prefixes: of all that is searched, WHOLE_FOLDER or WHOLE_BUCKET.

    Its methods raise what the storage raises, and UnreadableFile where they read landed files.
    """

    storage: Storage
    prefixes: tuple[str, ...]

    def files(self, entity: str) -> list[Object]:
        """The landed files of an entity, by ingest date and name."""
        found = self.storage.objects(f"{entity}/landing/ingest_date=")
        return [each for each in found if is_landed(each.key)]

    def lines(self, entity: str) -> Iterator[tuple[str, bytes]]:
        """The lines of all landed files of an entity, with their ingest dates and their ends."""
        for file in self.files(entity):
            with self._opened(file) as blocks:
                for line in lines_of(blocks):
                    yield day_of(file), line

    def count(self, file: Object, is_out: IsOut) -> int:
        """How many of a landed file's lines are to be removed."""
        with self._opened(file) as blocks:
            return sum(map(is_out, _without_bom(lines_of(blocks))))

    def rewrite(self, file: Object, is_out: IsOut) -> int:
        """Removes lines from a landed file, if it has any to be removed. Returns how many it had.

        Raises Changed if the file was written to since it was listed. If anything is raised, the
        file is unchanged.
        """
        removed = self.count(file, is_out)
        if removed:
            self.storage.replace(file, self._rest(file, is_out))
        return removed

    def tidy(self) -> None:
        """Deletes what interrupted writes have left."""
        for entity in LANDED:
            self.storage.delete_unfinished(f"{entity}/landing/")

    def purge(self) -> int:
        """Deletes old versions, and results of queries. Returns how many of both."""
        deleted = sum(self.storage.delete_old_versions(prefix) for prefix in self.prefixes)
        results = f"{RESULTS}/"
        return deleted + (self.storage.delete_all(results) if results in self.prefixes else 0)

    def check(self) -> None:
        """Raises if it is known already that landed files cannot be replaced."""
        for entity in ENTITIES:
            self.storage.check_writable(f"{entity}/landing/")

    def stored(self, *prefixes: str) -> Iterator[Stored]:
        """All that is stored, in every version, except the restricted files.

        prefixes: look only there.
        """
        yield from versions_below(self.storage, prefixes or self.prefixes)

    def _rest(self, file: Object, is_out: IsOut) -> Iterator[bytes]:
        with self._opened(file) as blocks:
            yield from packed(without(lines_of(blocks), is_out), file.key)

    @contextmanager
    def _opened(self, file: Object) -> Iterator[Iterator[bytes]]:
        """The unpacked bytes of a landed file."""
        with self.storage.open(file.key) as stream:
            try:
                yield blocks_of(stream, file.key)
            except (EOFError, zlib.error, gzip.BadGzipFile) as error:
                raise UnreadableFile(
                    f"{self.storage.address(file.key)}: cannot be read ({error}); ask for it again"
                ) from error


def day_of(file: Object) -> str:
    """The ingest date of a landed file."""
    return file.key.split("/")[2].removeprefix("ingest_date=")


def _without_bom(lines: Iterable[bytes]) -> Iterator[bytes]:
    """The lines as `without` judges them: a BOM that begins the file is no part of its first."""
    for number, line in enumerate(lines):
        yield line if number else line.removeprefix("\ufeff".encode())
