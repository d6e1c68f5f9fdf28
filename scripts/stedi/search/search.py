"""The proof: all that is stored is read, and nothing of a person may be found in it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, NamedTuple

import duckdb

from stedi.search.decode import Undecodable, decoded, texts_of
from stedi.search.identifiers import Identifiers


class Stored(NamedTuple):
    """Something that is searched: what it is called, and how to open it."""

    name: str
    open: Callable[[], BinaryIO]


def files_below(folder: Path) -> Iterator[Stored]:
    """Every file below a folder, hidden ones too, or the file itself."""
    paths = [folder] if folder.is_file() else sorted(folder.rglob("*"))
    for path in paths:
        if path.is_file() and not path.is_symlink():
            yield Stored(str(path), lambda path=path: open(path, "rb"))


_SUFFIXES = re.compile(r"(\.(jsonl?|gz|parquet|csv|txt|log|avro|metadata))+(?=\W|$)")
_LANDED = "/landing/ingest_date="


@dataclass
class Searched:
    """What a search came to. findings: an object and the kind of identifier in it, or that it
    cannot be read; never the identifier itself."""

    objects: int = 0
    bytes: int = 0
    findings: set[tuple[str, str]] = field(default_factory=set)


def search(stored: Iterable[Stored], wanted: Identifiers, found: Searched) -> None:
    """Looks for identifiers in everything that is stored, in its names too."""
    for item in stored:
        found.objects += 1
        hits = _hits_in_name(item.name, wanted)
        name = hidden(item.name, wanted)
        found.findings |= {(name, f"{kind} in its name") for kind, _ in hits}
        try:
            with item.open() as stream:
                _look(decoded(stream), name, wanted, found)
        except FileNotFoundError:
            continue  # of a process that has ended meanwhile
        except Undecodable as error:
            # Of what landed the build too reads nothing but the bytes, which have been looked at
            # where it is no gzip.
            if _LANDED in item.name and not item.name.endswith(".gz"):
                with item.open() as stream:
                    _look(iter(lambda: stream.read(1 << 20), b""), name, wanted, found)
            else:
                found.findings.add((name, str(error)))


def search_tables(
    connection: duckdb.DuckDBPyConnection, wanted: Identifiers, found: Searched
) -> None:
    """Looks for identifiers in the values of every table of a database."""
    names = connection.execute(
        "select table_schema, table_name from information_schema.tables "
        "where table_type = 'BASE TABLE' order by 1, 2"
    ).fetchall()
    for schema, table in names:
        found.objects += 1
        _look(texts_of(connection, f'"{schema}"."{table}"'), f"{schema}.{table}", wanted, found)


def hidden(name: str, wanted: Identifiers) -> str:
    """The name of an object for people, without an identifier that it may have in it."""
    for kind, text in sorted(_hits_in_name(name, wanted)):
        at = name.lower().find(text)
        name = f"{name[:at]}[{kind}]{name[at + len(text) :]}" if at >= 0 else f"[{kind}]"
    return name


def _hits_in_name(name: str, wanted: Identifiers) -> set[tuple[str, str]]:
    """What a file's name is about ends where its suffixes begin: a@b.com.json is of a@b.com."""
    text = _SUFFIXES.sub(" ", name)
    return wanted.hits_in(text.encode("utf-8", "surrogateescape"))


def _look(blocks: Iterator[bytes], name: str, wanted: Identifiers, found: Searched) -> None:
    """Each part that is looked at begins with the end of the one before: an escaped letter takes
    six bytes. A letter stands where a part was cut, so that what was cut is no word by itself."""
    overlap = 6 * wanted.longest + 16
    part = b""
    for block in blocks:
        found.bytes += len(block)
        part += block
        found.findings |= {(name, kind) for kind, _ in wanted.hits_in(part + b"x")}
        part = b"x" + part[-overlap:] if len(part) > overlap else part
    found.findings |= {(name, kind) for kind, _ in wanted.hits_in(part)}
