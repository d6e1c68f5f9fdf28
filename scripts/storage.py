"""The lakehouse's bucket: is it ours to make, what is in it, and emptying it, versions and all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from botocore.exceptions import ClientError

_MOST_AT_ONCE = 1000  # objects that S3 deletes in one request


class NotDeleted(Exception):
    """An object that S3 would not delete. Its text names the object and the reason."""


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
        return next(self._versions(), None) is None

    def empty(self, keep: str | None = None) -> int:
        """Deletes every object and version, except below a prefix to keep; how many.

        Raises NotDeleted.
        """
        versions = (
            version
            for version in self._versions()
            if keep is None or not version["Key"].startswith(keep)
        )
        deleted = 0
        while batch := list(islice(versions, _MOST_AT_ONCE)):
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

    def _versions(self) -> Iterator[dict[str, str]]:
        """Every version and delete marker of every object; none where the bucket is gone."""
        pages = self.client.get_paginator("list_object_versions").paginate(Bucket=self.name)
        try:
            for page in pages:
                for found in [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]:
                    yield {"Key": found["Key"], "VersionId": found["VersionId"]}
        except ClientError as error:
            if error.response["Error"]["Code"] != "NoSuchBucket":
                raise
