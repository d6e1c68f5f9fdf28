"""Where deliveries and tables lie: landed files to write anew, and all objects to search.

A landed file is written anew in one step: whoever reads it finds the old one or the new one.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import shutil
import tempfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NamedTuple, Protocol

from stedi.landing.files import UnreadableFile, landed_files
from stedi.landing.names import _is_landed
from stedi.landing.raw_lines import blocks_of, lines_of, without, write
from stedi.layout import ENTITIES, LANDED, RESTRICTED, RESULTS, ZONES
from stedi.search.search import Stored, files_below
from stedi.storage.atomic import sync
from stedi.storage.bucket import Bucket

IsOut = Callable[[bytes], bool]
_BLOCK = 1 << 20
_UNFINISHED = ".erasing-"
SEARCHED = tuple(zone for zone in ZONES if zone != RESTRICTED)  # of a bucket


class Landed(NamedTuple):
    """A landed file: of which entity, by which name in its place, and how many bytes it has."""

    entity: str
    name: str
    size: int


class Place(Protocol):
    """A landing root with what lies beside it."""

    def files(self, entity: str) -> list[Landed]:
        """The landed files of an entity. Raises UnreadableFile."""

    def open(self, file: Landed) -> BinaryIO:
        """A landed file's bytes, packed as it is."""

    def replace(self, file: Landed, fill: Callable[[BinaryIO], object]) -> None:
        """Writes a landed file anew; `fill` writes its bytes."""

    def tidy(self) -> None:
        """Removes copies of lines, and what erasures that were killed have left."""

    def purge(self) -> int:
        """Removes what is no longer current, and results of queries; how many of them."""

    def check(self) -> None:
        """Raises where something is known that would keep files from being written anew."""

    def stored(self) -> Iterator[Stored]:
        """All that lies there, in every version, but for the restricted part."""


@dataclass(frozen=True)
class Folder:
    """A landing root on this machine."""

    root: Path

    def files(self, entity: str) -> list[Landed]:
        return [
            Landed(entity, str(path), path.stat().st_size)
            for _, path in landed_files(self.root, entity)
        ]

    def open(self, file: Landed) -> BinaryIO:
        try:
            return open(file.name, "rb")
        except OSError as error:
            raise UnreadableFile(f"{file.name}: cannot be read ({error.strerror})") from error

    def replace(self, file: Landed, fill: Callable[[BinaryIO], object]) -> None:
        path = Path(file.name)
        # Readers pass over a name with a dot until it takes the old one's.
        unfinished = path.with_name(f"{_UNFINISHED}{os.getpid()}")
        try:
            with open(unfinished, "wb") as target:
                os.chmod(unfinished, 0o600)
                fill(target)
                target.flush()
                os.fsync(target.fileno())
            shutil.copymode(path, unfinished)
            os.replace(unfinished, path)
        finally:
            unfinished.unlink(missing_ok=True)
        sync(path.parent)

    def tidy(self) -> None:
        for entity in LANDED:
            shutil.rmtree(self.root / entity / ".duckdb", ignore_errors=True)
            for left in (self.root / entity).glob(f"landing/*/{_UNFINISHED}*"):
                left.unlink(missing_ok=True)

    def purge(self) -> int:
        return 0

    def check(self) -> None:
        for entity in ENTITIES:
            for folder in (self.root / entity / "landing").glob("ingest_date=*"):
                with tempfile.TemporaryFile(prefix=_UNFINISHED, dir=folder):
                    pass

    def stored(self) -> Iterator[Stored]:
        yield from files_below(self.root)


@dataclass(frozen=True)
class S3Place:
    """The lakehouse's bucket."""

    bucket: Bucket

    def files(self, entity: str) -> list[Landed]:
        found = self.bucket.objects(f"{entity}/landing/ingest_date=")
        return [Landed(entity, each.key, each.size) for each in found if _is_landed(each.key)]

    def open(self, file: Landed) -> BinaryIO:
        return self._fetched(file.name)

    def replace(self, file: Landed, fill: Callable[[BinaryIO], object]) -> None:
        with tempfile.TemporaryFile() as content:
            fill(content)
            digest = _sha256(content)
            content.seek(0)
            self.bucket.client.upload_fileobj(
                content,
                self.bucket.name,
                file.name,
                ExtraArgs={"Metadata": {"sha256": digest}},  # as land.py has it
            )
        self.bucket.delete_old_versions(file.name)

    def tidy(self) -> None:
        """There are no copies, and an upload that was broken off leaves no object."""

    def purge(self) -> int:
        removed = sum(self.bucket.delete_old_versions(f"{prefix}/") for prefix in SEARCHED)
        return removed + self.bucket.empty_below(f"{RESULTS}/")

    def check(self) -> None:
        """S3 says what is missing when it is needed; another run goes on from there."""

    def stored(self, *prefixes: str) -> Iterator[Stored]:
        for prefix in prefixes or SEARCHED:
            for found in self.bucket.versions(f"{prefix}/"):
                if not found.is_marker:
                    old = "" if found.is_latest else f" (version {found.id})"
                    yield Stored(
                        f"s3://{self.bucket.name}/{found.key}{old}",
                        lambda found=found: self._fetched(found.key, VersionId=found.id),
                    )

    def _fetched(self, key: str, **which: str) -> BinaryIO:
        """An object's bytes, in a file that is gone when this process is."""
        file = tempfile.TemporaryFile()
        self.bucket.client.download_fileobj(self.bucket.name, key, file, ExtraArgs=which)
        file.flush()
        file.seek(0)
        return file


def lines(place: Place, entity: str) -> Iterator[bytes]:
    """The lines of all landed files of an entity, with their ends. Raises UnreadableFile."""
    for file in place.files(entity):
        with _opened(place, file) as blocks:
            yield from lines_of(blocks)


def count(place: Place, file: Landed, is_out: IsOut) -> int:
    """How many such lines a landed file has. Raises UnreadableFile."""
    with _opened(place, file) as blocks:
        return sum(map(is_out, _without_bom(lines_of(blocks))))


def rewrite(place: Place, file: Landed, is_out: IsOut) -> int:
    """Writes a landed file anew without some of its lines, if it has any; how many it had.

    Raises UnreadableFile, and what the place raises; the file is then as it was.
    """
    gone = count(place, file, is_out)
    if gone:

        def fill(target: BinaryIO) -> None:
            with _opened(place, file) as blocks:
                write(target, without(lines_of(blocks), is_out), file.name)

        place.replace(file, fill)
    return gone


def _without_bom(found: Iterable[bytes]) -> Iterator[bytes]:
    """The lines as `without` asks for them: a BOM alone is none."""
    for number, line in enumerate(found):
        yield line if number else line.removeprefix("\ufeff".encode())


@contextmanager
def _opened(place: Place, file: Landed) -> Iterator[Iterator[bytes]]:
    with place.open(file) as stream:
        try:
            yield blocks_of(stream, file.name)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            what = "ask for it again"
            raise UnreadableFile(f"{file.name}: cannot be read ({error}); {what}") from error


def _sha256(content: BinaryIO) -> str:
    content.seek(0)
    digest = hashlib.sha256()
    while block := content.read(_BLOCK):
        digest.update(block)
    return digest.hexdigest()
