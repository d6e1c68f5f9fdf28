"""The landing zone: which deliveries have landed on which ingest date, and how one lands."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from stedi.errors import StediError
from stedi.landing.files import unreadable
from stedi.landing.names import for_people, ingest_date_of, is_hidden
from stedi.layout import ENTITIES
from stedi.storage.storage import BLOCK, Progress, Storage


class NotLanded(StediError):
    """Something changed while a file was landed. Its text names the file and says what to do."""


@dataclass(frozen=True)
class Delivery:
    """A file to land, and what it held when it was checked: its bytes and their SHA-256 in hex."""

    path: Path
    size: int
    sha256: str

    @classmethod
    def of(cls, path: Path) -> Delivery:
        """Reads the file once. Raises UnreadableFile."""
        try:
            with path.open("rb") as file:
                size = os.fstat(file.fileno()).st_size
                return cls(path, size, hashlib.file_digest(file, "sha256").hexdigest())
        except OSError as error:
            raise unreadable(path, error) from error

    def content(self) -> Iterator[bytes]:
        """The file's bytes, in blocks.

        Raises NotLanded at its end if they are not those that were checked, and UnreadableFile.
        """
        digest = hashlib.sha256()
        try:
            with self.path.open("rb") as file:
                for block in _blocks(file):
                    digest.update(block)
                    yield block
        except OSError as error:
            raise unreadable(self.path, error) from error
        if digest.hexdigest() != self.sha256:
            raise NotLanded(
                f"{for_people(self.path)}: was written to while it was landed. Land it once it is "
                "complete"
            )


@dataclass(frozen=True)
class Zone:
    """The landing zone of a lakehouse.

    Its methods raise what the storage raises. entity: one of layout.LANDED; date: YYYY-MM-DD.
    """

    storage: Storage

    def dates_of(self, entity: str, names: Iterable[str]) -> dict[str, list[str]]:
        """The ingest dates under which a file of each name has landed."""
        dates: dict[str, list[str]] = {name: [] for name in names}
        for found in self.storage.objects(f"{entity}/landing/ingest_date="):
            _, _, folder, *below = found.key.split("/")
            date = ingest_date_of(folder)
            if date and len(below) == 1 and below[0] in dates:
                dates[below[0]].append(date)
        return dates

    def newest_date(self) -> str | None:
        """The newest ingest date that has a delivery of any of layout.ENTITIES."""
        folders = [
            (date, f"{entity}/landing/{name}/")
            for entity in ENTITIES
            for name in self.storage.folders(f"{entity}/landing/")
            if (date := ingest_date_of(name))
        ]
        for date, prefix in sorted(folders, reverse=True):
            for found in self.storage.objects(prefix):
                name = Path(found.key.removeprefix(prefix))
                if name.name and not is_hidden(name):
                    return date
        return None

    def holds(self, entity: str, date: str, delivery: Delivery) -> bool:
        """Whether the file that landed there under the delivery's name has its bytes."""
        key = _key(entity, date, delivery.path.name)
        return self.storage.has_content(key, delivery.size, delivery.sha256)

    def put(self, entity: str, date: str, delivery: Delivery, progress: Progress) -> None:
        """Lands a delivery: the bytes that were checked, whole, or none.

        Raises NotLanded if the file was written to since, or another landed under its name.
        """
        key = _key(entity, date, delivery.path.name)
        if not self.storage.create(key, delivery.content(), progress):
            raise NotLanded(
                f"{self.storage.address(key)}: landed while {for_people(delivery.path)} was on its "
                "way, and was left as it is. Land the file again to see whether they are the same"
            )

    def address(self, entity: str, date: str, name: str) -> str:
        """Where a file is or would be, for people."""
        return self.storage.address(_key(entity, date, name))


def _key(entity: str, date: str, name: str) -> str:
    return f"{entity}/landing/ingest_date={date}/{name}"


def _blocks(file: BinaryIO) -> Iterator[bytes]:
    while block := file.read(BLOCK):
        yield block
