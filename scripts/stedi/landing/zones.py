"""Where landed files are kept: a folder on this machine, or an S3 bucket.

Both tell under which ingest dates a file of a given name lies and which date is the newest,
compare a file with a delivery, and take a delivery so that it appears whole or not at all.
"""

from __future__ import annotations

import hashlib
import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from stedi.errors import StediError
from stedi.landing.files import UnreadableFile, unreadable
from stedi.landing.names import for_people, ingest_date_of, is_hidden
from stedi.layout import ENTITIES
from stedi.storage.atomic import sync
from stedi.target import AthenaTarget, Target

Progress = Callable[[int], object]  # told how many bytes more are done
_BLOCK = 1 << 20


class NotLanded(StediError):
    """Something changed while a file was landed. Its text names the file and says what to do."""


@dataclass(frozen=True)
class Delivery:
    """A file to land, and what it held when it was checked: its bytes and their SHA-256."""

    path: Path
    size: int
    sha256: str

    @classmethod
    def of(cls, path: Path) -> Delivery:
        """Reads the file once. Raises UnreadableFile."""
        try:
            with path.open("rb") as file:
                return cls(path, os.fstat(file.fileno()).st_size, _sha256(_blocks(file)))
        except OSError as error:
            raise unreadable(path, error) from error

    def is_unchanged(self) -> bool:
        """Whether the file, read anew, still holds the same; not where it cannot be read."""
        try:
            return Delivery.of(self.path) == self
        except UnreadableFile:
            return False


class Zone(Protocol):
    """A landing zone; `entity` is one of landing_files.LANDED, `date` is YYYY-MM-DD."""

    def dates_of(self, entity: str, names: Iterable[str]) -> dict[str, list[str]]:
        """The ingest dates under which a file of each name lies."""

    def newest_date(self) -> str | None:
        """The newest ingest date under which a delivery of any of landing_files.ENTITIES lies."""

    def holds(self, entity: str, date: str, delivery: Delivery) -> bool:
        """Whether the file that lies there under the delivery's name has its bytes."""

    def put(self, entity: str, date: str, delivery: Delivery, progress: Progress) -> None:
        """Lands the delivery, whole. Raises NotLanded if the file is written to meanwhile."""

    def address(self, entity: str, date: str, name: str) -> str:
        """Where a file lies, for people."""


@dataclass(frozen=True)
class LocalZone:
    """A landing zone in a folder."""

    root: Path

    def dates_of(self, entity: str, names: Iterable[str]) -> dict[str, list[str]]:
        dates = [date for date, _ in self._days(entity)]
        return {
            name: [date for date in dates if self._path(entity, date, name).exists()]
            for name in names
        }

    def newest_date(self) -> str | None:
        days = [day for entity in ENTITIES for day in self._days(entity)]
        for date, folder in sorted(days, reverse=True):
            if not all(is_hidden(path) for path in folder.iterdir()):
                return date
        return None

    def holds(self, entity: str, date: str, delivery: Delivery) -> bool:
        path = self._path(entity, date, delivery.path.name)
        same_size = path.stat().st_size == delivery.size
        return same_size and Delivery.of(path).sha256 == delivery.sha256

    def put(self, entity: str, date: str, delivery: Delivery, progress: Progress) -> None:
        target = self._path(entity, date, delivery.path.name)
        target.parent.mkdir(parents=True, exist_ok=True)
        # Readers pass over a name with a dot until it is linked to its own, all at once.
        unfinished = target.with_name(f".landing-{os.getpid()}")
        try:
            if _copy(delivery.path, unfinished, progress) != delivery.sha256:
                raise _changed(delivery.path)
            os.link(unfinished, target)  # unlike a rename, it replaces nothing
        except FileExistsError as error:
            raise NotLanded(
                f"{for_people(target)}: came to be while {for_people(delivery.path)} was landed. "
                "Land it again to see whether they are the same"
            ) from error
        finally:
            unfinished.unlink(missing_ok=True)
        sync(target.parent)

    def address(self, entity: str, date: str, name: str) -> str:
        return str(self._path(entity, date, name))

    def _days(self, entity: str) -> list[tuple[str, Path]]:
        """The ingest dates that have a folder, in order, and that folder."""
        zone = self.root / entity / "landing"
        folders = sorted(zone.iterdir()) if zone.is_dir() else []
        return [(date, folder) for folder in folders if (date := ingest_date_of(folder.name))]

    def _path(self, entity: str, date: str, name: str) -> Path:
        return self.root / entity / "landing" / f"ingest_date={date}" / name


@dataclass(frozen=True)
class S3Zone:
    """A landing zone in a bucket. The SHA-256 of an object travels in its metadata."""

    bucket: str
    client: Any

    def dates_of(self, entity: str, names: Iterable[str]) -> dict[str, list[str]]:
        dates: dict[str, list[str]] = defaultdict(list, {name: [] for name in names})
        # One listing of a thousand names a request, where asking for each date would be one each.
        pages = self.client.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket, Prefix=f"{entity}/landing/ingest_date="
        )
        for page in pages:
            for found in page.get("Contents", ()):
                _, _, folder, *below = found["Key"].split("/")
                date = ingest_date_of(folder)
                if date and len(below) == 1 and below[0] in dates:
                    dates[below[0]].append(date)
        return dict(dates)

    def newest_date(self) -> str | None:
        days = [day for entity in ENTITIES for day in self._days(entity)]
        for date, folder in sorted(days, reverse=True):
            found = self.client.list_objects_v2(Bucket=self.bucket, Prefix=folder)
            names = [Path(entry["Key"].removeprefix(folder)) for entry in found.get("Contents", ())]
            if not all(is_hidden(name) or not name.name for name in names):
                return date
        return None

    def holds(self, entity: str, date: str, delivery: Delivery) -> bool:
        where = {"Bucket": self.bucket, "Key": self._key(entity, date, delivery.path.name)}
        head = self.client.head_object(**where)
        if head["ContentLength"] != delivery.size:
            return False
        # Put there by other means, it has no such metadata: read it.
        known = head["Metadata"].get("sha256") or _sha256(
            self.client.get_object(**where)["Body"].iter_chunks(_BLOCK)
        )
        return known == delivery.sha256

    def put(self, entity: str, date: str, delivery: Delivery, progress: Progress) -> None:
        key = self._key(entity, date, delivery.path.name)
        with delivery.path.open("rb") as file:
            # Not upload_file: that one hides the error's code.
            self.client.upload_fileobj(
                file,
                self.bucket,
                key,
                ExtraArgs={"Metadata": {"sha256": delivery.sha256}},
                Callback=progress,
            )
        # An upload cannot be looked at before it appears, so a changed one is taken back.
        if not delivery.is_unchanged():
            self.client.delete_object(Bucket=self.bucket, Key=key)
            raise _changed(delivery.path)

    def address(self, entity: str, date: str, name: str) -> str:
        return f"s3://{self.bucket}/{self._key(entity, date, name)}"

    def _days(self, entity: str) -> list[tuple[str, str]]:
        """The ingest dates that have objects, and their prefix; a thousand dates a request."""
        pages = self.client.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket, Prefix=f"{entity}/landing/ingest_date=", Delimiter="/"
        )
        prefixes = [entry["Prefix"] for page in pages for entry in page.get("CommonPrefixes", ())]
        return [
            (date, prefix) for prefix in prefixes if (date := ingest_date_of(prefix.split("/")[2]))
        ]

    @staticmethod
    def _key(entity: str, date: str, name: str) -> str:
        return f"{entity}/landing/ingest_date={date}/{name}"


def open_zone(target: Target) -> Zone:
    """The landing zone of a lakehouse."""
    if isinstance(target, AthenaTarget):
        return S3Zone(target.bucket.name, target.clients.s3)
    return LocalZone(target.landing)


def _blocks(file: BinaryIO) -> Iterator[bytes]:
    while block := file.read(_BLOCK):
        yield block


def _sha256(blocks: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for block in blocks:
        digest.update(block)
    return digest.hexdigest()


def _copy(source: Path, target: Path, progress: Progress) -> str:
    """Copies to disk, not only to the cache; returns the SHA-256 of what was copied."""
    digest = hashlib.sha256()
    with source.open("rb") as read, target.open("wb") as written:
        for block in _blocks(read):
            written.write(block)
            digest.update(block)
            progress(len(block))
        written.flush()
        os.fsync(written.fileno())
    return digest.hexdigest()


def _changed(path: Path) -> NotLanded:
    return NotLanded(
        f"{for_people(path)}: was written to while it was landed. Land it once it is complete"
    )
