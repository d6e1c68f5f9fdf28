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
        return self._delete(
            version
            for version in self._versions()
            if keep is None or not version["Key"].startswith(keep)
        )

    def empty_below(self, prefix: str) -> int:
        """Deletes every object and version below a prefix; how many. Raises NotDeleted."""
        return self._delete(self._versions(prefix))

    def delete_object(self, key: str) -> int:
        """Deletes an object with all its versions; how many. Raises NotDeleted."""
        return self._delete(v for v in self._versions(key) if v["Key"] == key)

    def delete_old_versions(self, prefix: str) -> int:
        """Deletes below a prefix what is no longer current, and what marks objects as deleted; how
        many. Raises NotDeleted."""
        # First the versions: without its mark a deleted object would be current again.
        old = [e for e in self.entries(prefix) if not e["IsLatest"] or "Size" not in e]
        old.sort(key=lambda entry: "Size" not in entry)
        return self._delete(_identity(entry) for entry in old)

    def entries(self, prefix: str = "") -> Iterator[dict[str, Any]]:
        """Every version and delete marker below a prefix, as S3 tells of it: a marker has no Size.
        None where the bucket is gone."""
        pages = self.client.get_paginator("list_object_versions").paginate(
            Bucket=self.name, Prefix=prefix
        )
        try:
            for page in pages:
                yield from [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]
        except ClientError as error:
            if error.response["Error"]["Code"] != "NoSuchBucket":
                raise

    def _delete(self, versions: Iterator[dict[str, str]]) -> int:
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

    def _versions(self, prefix: str = "") -> Iterator[dict[str, str]]:
        return map(_identity, self.entries(prefix))


def _identity(entry: dict[str, Any]) -> dict[str, str]:
    return {"Key": entry["Key"], "VersionId": entry["VersionId"]}
