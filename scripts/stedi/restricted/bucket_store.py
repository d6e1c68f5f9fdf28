"""TODO."""

from __future__ import annotations

from dataclasses import dataclass

from stedi.layout import RESTRICTED
from stedi.storage.bucket import Bucket


@dataclass(frozen=True)
class S3Store:
    """The restricted prefix of the lakehouse's bucket."""

    bucket: Bucket

    def names(self, folder: str) -> list[str]:
        found = self.bucket.objects(f"{RESTRICTED}/{folder}/")
        return [each.key.removeprefix(f"{RESTRICTED}/") for each in found]

    def read(self, name: str) -> bytes | None:
        # Whoever may list but some prefixes is not told by S3 that an object is not there.
        if name not in self.names(name.rpartition("/")[0]):
            return None
        return self.bucket.read(f"{RESTRICTED}/{name}")

    def put_new(self, name: str, content: bytes) -> bool:
        return self.bucket.put_new(f"{RESTRICTED}/{name}", content)

    def remove(self, name: str) -> None:
        self.bucket.delete_object(f"{RESTRICTED}/{name}")
