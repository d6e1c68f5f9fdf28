"""An S3 bucket as storage, versions and all."""

from __future__ import annotations

import base64
import hashlib
import os
import tempfile
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Any, BinaryIO
from urllib.parse import urlencode

from botocore.exceptions import ClientError

from stedi.errors import StediError
from stedi.storage.storage import BLOCK, Changed, Content, Object, Progress, Version

_LARGEST = 5 << 30  # bytes that S3 takes in one request
_MOST_AT_ONCE = 1000  # objects that S3 deletes in one request
_NULL = "null"  # id of the only version of an object in a bucket that keeps no versions
# What S3 answers if an object is not as the request demands.
_UNMET = ("PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey", "412", "404")
# Properties of an object that replacing its content would lose.
_PROPERTIES = (
    "CacheControl",
    "ContentDisposition",
    "ContentEncoding",
    "ContentLanguage",
    "ContentType",
    "StorageClass",
    "WebsiteRedirectLocation",
)


class NotDeleted(StediError):
    """An object that S3 would not delete. Its text names the object and the reason."""


@dataclass(frozen=True)
class Bucket:
    """A bucket by its name; every method raises ClientError.

    An object is written by one request, so it may have up to 5 GB.
    """

    client: Any
    name: str

    def address(self, key: str) -> str:
        return f"s3://{self.name}/{key}"

    def objects(self, prefix: str = "") -> Iterator[Object]:
        pages = self.client.get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=self.name, Prefix=prefix):
            for found in page.get("Contents", ()):
                yield Object(found["Key"], found["LastModified"], found["Size"], found["ETag"])

    def folders(self, prefix: str) -> list[str]:
        pages = self.client.get_paginator("list_objects_v2")
        return [
            found["Prefix"].removeprefix(prefix).rstrip("/")
            for page in pages.paginate(Bucket=self.name, Prefix=prefix, Delimiter="/")
            for found in page.get("CommonPrefixes", ())
        ]

    def read(self, key: str, version: str = "") -> bytes:
        """An object's content; of its current version, or of the version with an id."""
        found = self.client.get_object(Bucket=self.name, Key=key, **_which(version))
        content: bytes = found["Body"].read()
        return content

    def open(self, key: str, version: str = "") -> BinaryIO:
        """An object's content, in a file that is gone when it is closed."""
        file = tempfile.TemporaryFile()  # noqa: SIM115  # the caller closes it
        self.client.download_fileobj(self.name, key, file, ExtraArgs=_which(version))
        file.seek(0)
        return file

    def has_content(self, key: str, size: int, sha256: str) -> bool:
        head = self.client.head_object(Bucket=self.name, Key=key)
        if head["ContentLength"] != size:
            return False
        # An object that was put by other means has no such metadata: read it.
        known = head["Metadata"].get("sha256") or self._sha256(key)
        return bool(known == sha256)

    def create(self, key: str, content: Content, progress: Progress = lambda _: None) -> bool:
        with self._buffered(key, content) as (file, digest):
            try:
                self._put(key, _Reported(file, progress), digest, {"IfNoneMatch": "*"})
            except ClientError as error:
                if _code(error) == "PreconditionFailed":
                    return False
                if _code(error) in _UNMET:
                    raise Changed(self.address(key)) from error
                raise
        return True

    def replace(self, found: Object, content: Content) -> None:
        key = found.key
        with self._buffered(key, content) as (file, digest):
            old = [version for version in self.versions(key) if version.key == key]
            try:
                new = self._put(key, file, digest, {"IfMatch": found.tag}, self._properties(found))
            except ClientError as error:
                if _code(error) in _UNMET:
                    raise Changed(self.address(key)) from error
                raise
        # Only versions that were known before: one that somebody has written since then stays.
        self.delete_markers_last([version for version in old if version.id != new])

    def delete(self, key: str) -> None:
        """Deletes an object with all its versions, if it exists. Raises NotDeleted."""
        self.delete_versions(v for v in self.versions(key) if v.key == key)

    def delete_all(self, prefix: str) -> int:
        """Deletes every object and version below a prefix. Returns how many. Raises NotDeleted."""
        return self.delete_versions(self.versions(prefix))

    def delete_old_versions(self, prefix: str) -> int:
        """Deletes below a prefix all versions that are not current, and the markers that objects
        were deleted. Returns how many. Raises NotDeleted."""
        return self.delete_markers_last(
            [v for v in self.versions(prefix) if v.is_marker or not v.is_latest]
        )

    def delete_markers_last(self, versions: Collection[Version]) -> int:
        """Deletes versions for good, and after all of them the markers among them: without its
        marker a deleted object would be current again. Returns how many. Raises NotDeleted."""
        return sum(
            self.delete_versions(v for v in versions if v.is_marker is is_marker)
            for is_marker in (False, True)
        )

    def delete_versions(self, versions: Iterable[Version]) -> int:
        """Deletes versions for good. Returns how many. Raises NotDeleted."""
        rest = ({"Key": version.key, "VersionId": version.id} for version in versions)
        deleted = 0
        while batch := list(islice(rest, _MOST_AT_ONCE)):
            answer = self.client.delete_objects(
                Bucket=self.name, Delete={"Objects": batch, "Quiet": True}
            )
            for error in answer.get("Errors", ()):
                raise NotDeleted(
                    f"s3://{self.name}/{error['Key']}: {error['Code']} ({error['Message']}): "
                    "have s3:DeleteObjectVersion allowed, then run it again"
                )
            deleted += len(batch)
        return deleted

    def versions(self, prefix: str = "") -> Iterator[Version]:
        """Every version and delete marker of every object below a prefix, by key, the newest
        first; none if the bucket is gone."""
        pages = self.client.get_paginator("list_object_versions")
        try:
            for page in pages.paginate(Bucket=self.name, Prefix=prefix):
                found = [_version(entry, False) for entry in page.get("Versions", ())]
                found += [_version(entry, True) for entry in page.get("DeleteMarkers", ())]
                found.sort(key=lambda v: (v.key, not v.is_latest, -v.since.timestamp()))
                yield from found
        except ClientError as error:
            if _code(error) != "NoSuchBucket":
                raise

    def check_writable(self, prefix: str) -> None:
        """Does nothing: S3 says what is not allowed when it is asked for."""

    def delete_unfinished(self, prefix: str) -> None:
        """Does nothing: an interrupted write leaves no object."""

    # What is done to the bucket itself.

    def owner(self) -> str | None:
        """Whose a bucket of this name is, for people; None if there is no such bucket."""
        try:
            self.client.head_bucket(Bucket=self.name)
        except ClientError as error:
            code = _code(error)  # HEAD has no body, so it is a status
            if code == "404":
                return None
            if code == "403":
                return "another account, or out of reach"
            if code in ("301", "400"):
                return "another region"
            raise
        return "this account"

    def is_empty(self) -> bool:
        """Whether it holds nothing, old versions included, or is gone."""
        return next(self.versions(), None) is None

    def empty(self, keep: str | None = None) -> int:
        """Deletes every object and version, except below a prefix to keep. Returns how many.

        Raises NotDeleted.
        """
        return self.delete_versions(
            version
            for version in self.versions()
            if keep is None or not version.key.startswith(keep)
        )

    def delete_bucket(self) -> None:
        """Deletes the bucket, which must be empty; does nothing if it is gone."""
        try:
            self.client.delete_bucket(Bucket=self.name)
        except ClientError as error:
            if _code(error) != "NoSuchBucket":
                raise

    def _put(
        self,
        key: str,
        file: BinaryIO | _Reported,
        digest: bytes,
        condition: dict[str, str],
        properties: dict[str, Any] | None = None,
    ) -> str:
        """Writes an object if a condition on what is there holds, which S3 checks with the write
        itself: nothing can come in between. Returns the id of the new version."""
        properties = properties or {}
        answer = self.client.put_object(
            Bucket=self.name,
            Key=key,
            Body=file,
            ChecksumSHA256=base64.b64encode(digest).decode(),  # S3 refuses other bytes
            **condition,
            **properties | {"Metadata": properties.get("Metadata", {}) | {"sha256": digest.hex()}},
        )
        return str(answer.get("VersionId", _NULL))

    def _properties(self, found: Object) -> dict[str, Any]:
        """What an object has beside its content, as put_object takes it."""
        head = self.client.head_object(Bucket=self.name, Key=found.key, IfMatch=found.tag)
        properties = {name: head[name] for name in _PROPERTIES if name in head}
        if head.get("TagCount"):
            tags = self.client.get_object_tagging(Bucket=self.name, Key=found.key)["TagSet"]
            properties["Tagging"] = urlencode([(tag["Key"], tag["Value"]) for tag in tags])
        return properties | {"Metadata": head["Metadata"]}

    @contextmanager
    def _buffered(self, key: str, content: Content) -> Iterator[tuple[BinaryIO, bytes]]:
        """An object's content in a file, with its SHA-256: S3 must be told both size and hash
        before the first byte. Raises StediError if it is too large."""
        digest = hashlib.sha256()
        with tempfile.TemporaryFile() as file:
            for block in content:
                digest.update(block)
                file.write(block)
                if file.tell() > _LARGEST:
                    raise StediError(f"{self.address(key)}: larger than 5 GB; split the file")
            file.seek(0)
            yield file, digest.digest()

    def _sha256(self, key: str) -> str:
        digest = hashlib.sha256()
        for block in self.client.get_object(Bucket=self.name, Key=key)["Body"].iter_chunks(BLOCK):
            digest.update(block)
        return digest.hexdigest()


class _Reported:
    """A file that tells how much of it has been read, and so sent to S3."""

    def __init__(self, file: BinaryIO, progress: Progress) -> None:
        self._file, self._progress, self._done = file, progress, 0

    def read(self, size: int = -1) -> bytes:
        block = self._file.read(size)
        self._done += len(block)
        self._progress(len(block))
        return block

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        if whence == os.SEEK_SET and offset < self._done:  # it is to be sent once more
            self._progress(offset - self._done)
            self._done = offset
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()


def _which(version: str) -> dict[str, str]:
    return {"VersionId": version} if version else {}


def _code(error: ClientError) -> str:
    return str(error.response["Error"]["Code"])


def _version(entry: dict[str, Any], is_marker: bool) -> Version:
    return Version(
        entry["Key"],
        entry["VersionId"],
        entry["IsLatest"],
        is_marker,
        entry["LastModified"],
        entry.get("Size", 0),
    )
