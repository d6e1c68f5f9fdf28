"""What a lakehouse's files are stored in: a folder or a bucket, through one protocol.

An object is a stored file. Its key is its path below the storage's root, with `/` on every machine:
`customer/landing/ingest_date=2024-01-31/a.json`. Everything is written whole or not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import BinaryIO, NamedTuple, Protocol

from stedi.errors import StediError

BLOCK = 1 << 20  # bytes that are read at once
Content = Iterable[bytes]  # of an object, in blocks
Progress = Callable[[int], object]  # takes how many more bytes are stored


class Changed(StediError):
    """Somebody else wrote to an object or deleted it. Nothing of theirs was overwritten."""

    def __init__(self, address: str) -> None:
        super().__init__(
            f"{address}: another process wrote to it or deleted it. It was left as it is; run this "
            "again"
        )


class Object(NamedTuple):
    """An object as it is now. size: in bytes. tag: differs if the object was written to."""

    key: str
    since: datetime
    size: int
    tag: str = ""


class Version(NamedTuple):
    """A version of an object, or the marker that an object was deleted. size: in bytes."""

    key: str
    id: str
    is_latest: bool
    is_marker: bool
    since: datetime
    size: int


class Storage(Protocol):
    """A folder or a bucket. Every method raises OSError, or botocore's ClientError."""

    def address(self, key: str) -> str:
        """Where an object is, for people."""

    def objects(self, prefix: str = "") -> Iterator[Object]:
        """The objects whose keys begin with a prefix, by key."""

    def folders(self, prefix: str) -> list[str]:
        """The names of the folders in a folder, in order. prefix: ends in a slash."""

    def read(self, key: str) -> bytes:
        """An object's content."""

    def open(self, key: str, version: str = "") -> BinaryIO:
        """An object's content as a file; of its current version, or of the version with an id."""

    def has_content(self, key: str, size: int, sha256: str) -> bool:
        """Whether an object, which must exist, has this many bytes with this SHA-256 (hex)."""

    def create(self, key: str, content: Content, progress: Progress = lambda _: None) -> bool:
        """Writes a new object. Returns False, and writes nothing, if there already is one.

        If reading `content` raises, nothing is written.
        """

    def replace(self, found: Object, content: Content) -> None:
        """Replaces an object's content, keeps its other properties, and deletes its old versions.

        Raises Changed, and replaces nothing, if somebody wrote to the object since it was listed.
        If reading `content` raises, nothing is replaced either.
        """

    def delete(self, key: str) -> None:
        """Deletes an object with all its versions, if it exists."""

    def delete_old_versions(self, prefix: str) -> int:
        """Deletes all versions below a prefix that are not current. Returns how many."""

    def delete_all(self, prefix: str) -> int:
        """Deletes every object and version below a prefix. Returns how many."""

    def versions(self, prefix: str = "") -> Iterator[Version]:
        """Every version below a prefix, by key, the newest first; unfinished writes, too."""

    def check_writable(self, prefix: str) -> None:
        """Raises OSError if it is known already that objects below a prefix cannot be replaced."""

    def delete_unfinished(self, prefix: str) -> None:
        """Deletes what interrupted writes have left below a prefix."""
