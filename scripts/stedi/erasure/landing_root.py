"""The landing root as an erasure sees it: landed files to rewrite, and all that is stored beside.

A landed file is rewritten in one step: its readers find the old one or the new one.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from stedi.landing.files import UnreadableFile, landed_files
from stedi.landing.names import day_of, for_people, is_landed
from stedi.landing.raw_lines import (
    IsOut,
    MayHold,
    Text,
    always,
    blocks_of,
    judged,
    packed,
    pieces_of,
    records_of,
    without,
)
from stedi.layout import ENTITIES, LANDED, RESTRICTED, RESULTS, ZONES
from stedi.search.search import Stored, versions_below
from stedi.storage.folder import FolderStorage
from stedi.storage.storage import Object, Storage

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
        """The landed files of an entity, by ingest date and name.

        Raises UnreadableFile for a link to a file: it would be replaced, and the file would stay.
        """
        found = self.storage.objects(f"{entity}/landing/ingest_date=")
        landed = [each for each in found if is_landed(each.key)]
        if isinstance(self.storage, FolderStorage):
            for path in (self.storage.root / each.key for each in landed):
                if path.is_symlink():
                    raise UnreadableFile(
                        f"{for_people(path)}: a link to a file, which an erasure cannot change; "
                        "put the file itself in its place"
                    )
        return landed

    def records(self, entity: str, may_hold: MayHold = always) -> Iterator[tuple[str, bytes]]:
        """The records and lines of all landed files of an entity, with their ingest dates.

        may_hold: a quick look, which passes over lines that are not looked for.
        """
        for file in self.files(entity):
            with self._opened(file) as blocks:
                for data in records_of(blocks, may_hold):
                    yield day_of(file.key), data

    def count(self, file: Object, is_out: IsOut, may_hold: MayHold = always) -> int:
        """How many of a landed file's records and lines are to be removed."""
        with self._opened(file) as blocks:
            return sum(out for _, out in judged(pieces_of(Text(blocks), may_hold), is_out))

    def rewrite(self, file: Object, is_out: IsOut, may_hold: MayHold = always) -> int:
        """Removes records and lines from a landed file, if it has any to be removed. Returns how
        many it had.

        Raises Changed if the file was written to since it was listed. If anything is raised, the
        file is unchanged.
        """
        removed = self.count(file, is_out, may_hold)
        if removed:
            self.storage.replace(file, self._rest(file, is_out, may_hold))
        return removed

    def tidy(self) -> None:
        """Deletes what interrupted writes have left: files beside landed ones that begin with a
        dot, whatever program wrote them. No reader looks at them, but they are copies."""
        for entity in LANDED:
            prefix = f"{entity}/landing/"
            self.storage.delete_unfinished(prefix)
            for file in [*self.storage.objects(prefix)]:
                if "/." in file.key.removeprefix(prefix.removesuffix("/")):
                    self.storage.delete(file.key)

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

    def built_from(self) -> set[str]:
        """The landed files that the build reads, by the names under which they are searched."""
        if isinstance(self.storage, FolderStorage):
            root = self.storage.root
            return {str(path) for e in ENTITIES for _, path in landed_files(root, e)}
        return {self.storage.address(file.key) for e in ENTITIES for file in self.files(e)}

    def _rest(self, file: Object, is_out: IsOut, may_hold: MayHold) -> Iterator[bytes]:
        with self._opened(file) as blocks:
            text = Text(blocks)
            rest = without(judged(pieces_of(text, may_hold), is_out))
            yield from packed(text.written(rest), file.key)

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
