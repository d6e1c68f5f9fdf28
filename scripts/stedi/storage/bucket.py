"""The lakehouse's bucket: is it ours to make, what is in it, and emptying it, versions and all."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, NamedTuple

from botocore.exceptions import ClientError

from stedi.errors import StediError

_MOST_AT_ONCE = 1000  # objects that S3 deletes in one request


class NotDeleted(StediError):
    """An object that S3 would not delete. Its text names the object and the reason."""


class Version(NamedTuple):
    """A version of an object, or the marker that an object was deleted; `size` in bytes."""

    key: str
    id: str
    is_latest: bool
    is_marker: bool
    since: datetime
    size: int


class Object(NamedTuple):
    """An object as it is now; `size` in bytes."""

    key: str
    since: datetime
    size: int


@dataclass(frozen=True)
class Bucket:
    """A bucket by its name; every method raises ClientError too."""

    client: Any
    name: str

    def owner(self) -> str | None:
        """Whose a bucket of this name is, for people; None where there is no such bucket."""
        try:
            self.client.head_bucket(Bucket=self.name)
        except ClientError as error:
            code = error.response["Error"]["Code"]  # HEAD has no body, so it is a status
            if code == "404":
                return None
            if code == "403":
                return "another account, or out of reach"
            if code in ("301", "400"):
                return "another region"
            raise
        return "this account"

    def put_new(self, key: str, body: bytes) -> bool:
        """Puts an object unless there is one of that key; whether it did."""
        try:
            # Asked of S3 with the write itself: nothing can come in between.
            self.client.put_object(Bucket=self.name, Key=key, Body=body, IfNoneMatch="*")
        except ClientError as error:
            if error.response["Error"]["Code"] == "PreconditionFailed":
                return False
            raise
        return True

    def is_empty(self) -> bool:
        """Whether it holds nothing, old versions included, or is gone."""
        return next(self.versions(), None) is None

    def empty(self, keep: str | None = None) -> int:
        """Deletes every object and version, except below a prefix to keep; how many.

        Raises NotDeleted.
        """
        return self.delete_versions(
            version
            for version in self.versions()
            if keep is None or not version.key.startswith(keep)
        )

    def empty_below(self, prefix: str) -> int:
        """Deletes every object and version below a prefix; how many. Raises NotDeleted."""
        return self.delete_versions(self.versions(prefix))

    def delete_object(self, key: str) -> int:
        """Deletes an object with all its versions; how many. Raises NotDeleted."""
        return self.delete_versions(v for v in self.versions(key) if v.key == key)

    def delete_old_versions(self, prefix: str) -> int:
        """Deletes below a prefix what is no longer current, and what marks objects as deleted; how
        many. Raises NotDeleted."""
        return self.delete_markers_last(
            [v for v in self.versions(prefix) if v.is_marker or not v.is_latest]
        )

    def delete_markers_last(self, versions: Collection[Version]) -> int:
        """Deletes versions for good, and after all of them the markers among them: without its
        marker a deleted object would be current again. How many. Raises NotDeleted."""
        return sum(
            self.delete_versions(v for v in versions if v.is_marker is is_marker)
            for is_marker in (False, True)
        )

    def delete_versions(self, versions: Iterable[Version]) -> int:
        """Deletes versions for good; how many. Raises NotDeleted."""
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

    def delete(self) -> None:
        """Deletes the bucket, which must be empty; nothing where it is gone."""
        try:
            self.client.delete_bucket(Bucket=self.name)
        except ClientError as error:
            if error.response["Error"]["Code"] != "NoSuchBucket":
                raise

    def objects(self, prefix: str = "") -> Iterator[Object]:
        """Every object below a prefix as it is now, by its key."""
        pages = self.client.get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=self.name, Prefix=prefix):
            for found in page.get("Contents", ()):
                yield Object(found["Key"], found["LastModified"], found["Size"])

    def read(self, key: str, version: str | None = None) -> bytes:
        """An object's content, of its current version or of another."""
        which = {"VersionId": version} if version else {}
        return self.client.get_object(Bucket=self.name, Key=key, **which)["Body"].read()

    def versions(self, prefix: str = "") -> Iterator[Version]:
        """Every version and delete marker of every object below a prefix, by key, of each the
        newest first; none where the bucket is gone."""
        pages = self.client.get_paginator("list_object_versions")
        try:
            for page in pages.paginate(Bucket=self.name, Prefix=prefix):
                found = [_version(entry, False) for entry in page.get("Versions", ())]
                found += [_version(entry, True) for entry in page.get("DeleteMarkers", ())]
                found.sort(key=lambda v: (v.key, not v.is_latest, -v.since.timestamp()))
                yield from found
        except ClientError as error:
            if error.response["Error"]["Code"] != "NoSuchBucket":
                raise


def _version(entry: dict[str, Any], is_marker: bool) -> Version:
    return Version(
        entry["Key"],
        entry["VersionId"],
        entry["IsLatest"],
        is_marker,
        entry["LastModified"],
        entry.get("Size", 0),
    )
