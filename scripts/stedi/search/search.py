"""Searches everything that is stored for traces of people."""

from __future__ import annotations

import os
import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NamedTuple, Protocol

import duckdb

from stedi.landing.raw_lines import blocks_of
from stedi.search.decode import Decoded, Form, Undecodable, decoded, texts_of
from stedi.search.identifiers import Grade, grade_of

if TYPE_CHECKING:
    from stedi.storage.storage import Storage

_SUFFIXES = re.compile(r"(\.(jsonl?|gz|parquet|csv|txt|log|avro|metadata))+(?=\W|$)")
_LANDED = "/landing/ingest_date="
_VERSION = " (version "  # behind a key, for people
# What no text holds that a person or a program wrote.
_NOT_TEXT = re.compile(rb"[\x00-\x08\x0e-\x1f]")


class Stored(NamedTuple):
    """Something to search: its name for people, how to open it as a file on this machine, and the
    name that it has within what is searched, which is searched too."""

    name: str
    open: Callable[[], BinaryIO]
    key: str


class Wanted(Protocol):
    """What is searched for. A hit is its kind, which may be shown, and its text."""

    @property
    def longest(self) -> int:
        """Bytes of the longest text."""

    @property
    def looks_into_packed(self) -> bool:
        """Whether the bytes of packed files are searched as they are stored, too."""

    def hits_in(self, data: bytes) -> set[tuple[str, str]]:
        """The hits in a part of what is stored."""

    def hits_in_bound(self, bound: bytes) -> set[tuple[str, str]]:
        """The hits in one bound of a column, as Iceberg's manifests keep them."""


@dataclass
class Searched:
    """The result of a search.

    objects, bytes: how much was searched, unpacked. landed: the names of landed files among it.
    findings: the name of an object, and what kind of text is in it or that it cannot be read; never
    the text itself. likely, by_chance: the same of what may be somebody else's, in other objects.
    """

    objects: int = 0
    bytes: int = 0
    landed: set[str] = field(default_factory=set)
    _of: dict[Grade, set[tuple[str, str]]] = field(
        default_factory=lambda: {grade: set() for grade in Grade}
    )

    def add(self, name: str, hits: Iterable[tuple[str, str]], where: str = "") -> None:
        """Adds the hits in an object, each by its grade. where: said behind their kinds."""
        for kind, _ in hits:
            self._of[grade_of(kind)].add((name, kind + where))

    @property
    def findings(self) -> set[tuple[str, str]]:
        return self._of[Grade.CERTAIN]

    @property
    def likely(self) -> set[tuple[str, str]]:
        return self._without(Grade.LIKELY, self.findings)

    @property
    def by_chance(self) -> set[tuple[str, str]]:
        return self._without(Grade.CHANCE, self.findings | self._of[Grade.LIKELY])

    def _without(self, grade: Grade, more: set[tuple[str, str]]) -> set[tuple[str, str]]:
        names = {name for name, _ in more}
        return {each for each in self._of[grade] if each[0] not in names}


def files_below(folder: Path) -> Iterator[Stored]:
    """Every file below a folder, hidden ones and those in linked folders too, or the file itself.
    What several links lead to comes once."""
    if folder.is_file():
        yield Stored(str(folder), partial(_opened, folder), folder.name)
    seen: set[Path] = set()
    for top, folders, names in os.walk(folder, followlinks=True):
        if (real := Path(top).resolve()) in seen:
            folders.clear()
            continue
        seen.add(real)
        folders.sort()
        for path in (Path(top, name) for name in sorted(names)):
            if path.is_file():
                key = path.relative_to(folder).as_posix()
                yield Stored(str(path), partial(_opened, path), key)


def versions_below(
    storage: Storage, prefixes: Iterable[str], only_current: bool = False
) -> Iterator[Stored]:
    """Every version of every object whose key begins with a prefix, or only the current ones."""
    for prefix in prefixes:
        for version in storage.versions(prefix):
            if not version.is_marker and (version.is_latest or not only_current):
                old = "" if version.is_latest else f"{_VERSION}{version.id})"
                yield Stored(
                    f"{storage.address(version.key)}{old}",
                    partial(storage.open, version.key, version.id),
                    version.key,
                )


def search(stored: Iterable[Stored], wanted: Wanted, found: Searched) -> None:
    """Searches everything that is stored, names included, and adds what it finds to `found`."""
    for item in stored:
        found.objects += 1
        name = hidden(item.name, wanted)
        found.add(name, _hits_in_name(item.key, wanted), " in its name")
        is_landed = _LANDED in item.name
        try:
            with item.open() as stream:
                _search_blocks(decoded(stream), name, wanted, found)
        except FileNotFoundError:
            continue  # it belonged to a process that has ended
        except Undecodable as error:
            if not (is_landed and _search_landed(item, wanted, found)):
                found.findings.add((name, str(error)))
        if is_landed:
            found.landed.add(item.name)


def search_tables(connection: duckdb.DuckDBPyConnection, wanted: Wanted, found: Searched) -> None:
    """Searches the values of every table of a database, and adds what it finds to `found`."""
    names = connection.execute(
        "select table_schema, table_name from information_schema.tables "
        "where table_type = 'BASE TABLE' order by 1, 2"
    ).fetchall()
    for schema, table in names:
        found.objects += 1
        texts = (Decoded(Form.TEXT, t) for t in texts_of(connection, f'"{schema}"."{table}"'))
        _search_blocks(texts, f"{schema}.{table}", wanted, found)


def hidden(name: str, wanted: Wanted) -> str:
    """The name of an object for people, without a text that is searched for."""
    for kind, text in sorted(_hits_in_name(name, wanted)):
        at = name.lower().find(text.lower())
        name = f"{name[:at]}[{kind}]{name[at + len(text) :]}" if at >= 0 else name
    left = _hits_in_name(name, wanted)
    return f"[{min(left)[0]}]" if left else name


def _search_landed(item: Stored, wanted: Wanted, found: Searched) -> bool:
    """Searches a landed file as a build reads it, which unpacks what is named .gz and nothing else;
    False where that is not possible either, or the file is no text: what it says is then unknown.
    """
    key = item.name.partition(_VERSION)[0]
    try:
        with item.open() as stream:
            blocks = (Decoded(Form.TEXT, block) for block in _texts(blocks_of(stream, key)))
            _search_blocks(blocks, hidden(item.name, wanted), wanted, found)
    except (OSError, EOFError, ValueError, zlib.error):
        return False
    return True


def _texts(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """The same blocks. Raises ValueError for one that is no text."""
    for block in blocks:
        if _NOT_TEXT.search(block):
            raise ValueError("no text")
        yield block


def _hits_in_name(name: str, wanted: Wanted) -> set[tuple[str, str]]:
    """The hits in a file's name without its suffixes: a@b.com.json is a name of a@b.com."""
    text = _SUFFIXES.sub(" ", name)
    return wanted.hits_in(text.encode("utf-8", "surrogateescape"))


def _search_blocks(blocks: Iterable[Decoded], name: str, wanted: Wanted, found: Searched) -> None:
    """Searches block by block. Each part that is searched begins with the end of the one before, as
    a letter may be written as up to four, and each of them take six bytes as an escape. A letter
    stands where a part was cut, so that what was cut is no word by itself."""
    overlap = 4 * 6 * wanted.longest + 16
    parts = {Form.TEXT: b"", Form.PACKED: b""}
    for form, block in blocks:
        if form is Form.PACKED and not wanted.looks_into_packed:
            continue
        found.bytes += len(block)
        if form is Form.BOUND:
            found.add(name, wanted.hits_in_bound(block))
            continue
        part = parts[form] + block
        found.add(name, wanted.hits_in(part + b"x"))
        parts[form] = b"x" + part[-overlap:] if len(part) > overlap else part
    for part in parts.values():
        found.add(name, wanted.hits_in(part))


def _opened(path: Path) -> BinaryIO:
    return path.open("rb")
