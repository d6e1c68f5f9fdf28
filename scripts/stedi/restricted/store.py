"""The restricted files of a lakehouse: keys, and what is kept of erasures."""

from __future__ import annotations

from dataclasses import dataclass

from stedi.errors import StediError
from stedi.storage.storage import Storage


@dataclass(frozen=True)
class RestrictedStore:
    """Small files that few may read, by their names `folder/name`.

    prefix: where in the storage they are; empty, or ends in a slash. Every method raises
    StediError if a folder cannot be read, and what the bucket raises.
    """

    storage: Storage
    prefix: str = ""

    def address(self, name: str) -> str:
        """Where a file is, for people."""
        return self.storage.address(self.prefix + name)

    def names(self, folder: str) -> list[str]:
        """The files of a folder, in order."""
        try:
            found = [*self.storage.objects(f"{self.prefix}{folder}/")]
        except OSError as error:
            raise self._unreadable(folder, error) from error
        names = [each.key.removeprefix(self.prefix) for each in found]
        return [name for name in names if not name.rpartition("/")[2].startswith(".")]

    def read(self, name: str) -> bytes | None:
        """What a file holds; None if there is no such file."""
        # S3 does not say that an object is missing to those who may list only some prefixes.
        if name not in self.names(name.rpartition("/")[0]):
            return None
        try:
            return self.storage.read(self.prefix + name)
        except OSError as error:
            raise self._unreadable(name, error) from error

    def create(self, name: str, content: bytes) -> bool:
        """Writes a new file. Returns False, and writes nothing, if there already is one."""
        return self.storage.create(self.prefix + name, [content])

    def delete(self, name: str) -> None:
        """Deletes a file for good, if it exists."""
        self.storage.delete(self.prefix + name)

    def _unreadable(self, name: str, error: OSError) -> StediError:
        return StediError(
            f"{self.address(name)}: cannot be read ({error.strerror}), so it "
            "is not known who was erased. Let the user who runs this read it"
        )
