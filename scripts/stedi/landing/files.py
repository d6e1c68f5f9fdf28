"""Landed files: where they are, whether they can be read, and which lines they hold.

Both `stedi land` and the DuckDB target use these rules, so that both engines see the same lines:
Trino ends a line at LF, CR or CRLF and keeps blank lines.
"""

from __future__ import annotations

import codecs
import gzip
import re
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from stedi.errors import StediError
from stedi.landing.names import SUFFIXES, for_people, ingest_date_of, is_hidden, is_utf8_name

# A line that is not UTF-8 is not JSON. It is decoded as Latin-1, which can hold every byte, after
# this mark, with which no JSON text begins: nothing of it is lost, and nothing of it is accepted.
NOT_UTF8 = "\ufffd"
BOM = "\ufeff"

# Control characters that DuckDB's CSV reader is given, and that no plain file holds.
CSV_SEPARATOR = "\x01"
CSV_NULL = "\x02"
CSV_LONGEST_LINE = 1 << 21
_NOT_PLAIN = tuple(mark.encode() for mark in ("\r", "\0", CSV_SEPARATOR, CSV_NULL))
_BLOCK = CSV_LONGEST_LINE // 2  # if each block has a line end, no line is as long as two blocks
# Flags of a gzip header (RFC 1952, 2.3.1): DuckDB unpacks a member with or without a file name.
_GZIP_FLAGS_OF_DUCKDB = (b"\x00", b"\x08")
_BLANK_LINE = re.compile(rb"\n\n")  # takes less than half the time of `in`
_BOM_BYTES = BOM.encode()
_LINE_END = re.compile(rb"\r\n|\n|\r")


class UnreadableFile(StediError):
    """A landed file cannot be read to its end."""


def _open(path: Path) -> BinaryIO | gzip.GzipFile:
    return gzip.open(path) if path.name.endswith(".gz") else path.open("rb")


def read_blocks(path: Path) -> Iterator[bytes]:
    """Yields a landed file's unpacked bytes in blocks of 1 MiB.

    Raises UnreadableFile if it cannot be opened, or is a truncated or corrupt gzip.
    """
    try:
        with _open(path) as stream:
            while block := stream.read(_BLOCK):
                yield block
    except (OSError, EOFError, zlib.error) as error:
        raise unreadable(path, error) from error


def unreadable(path: Path, error: Exception) -> UnreadableFile:
    """The error to raise for an error of reading a file."""
    reason = getattr(error, "strerror", None) or error
    return UnreadableFile(f"{for_people(path)}: cannot be read ({reason}); ask for it again")


def check_readable(path: Path) -> None:
    """Reads a file to its end. Raises UnreadableFile."""
    for _ in read_blocks(path):
        pass


def is_plain(path: Path) -> bool:
    """Whether DuckDB's CSV reader gives exactly this file's lines.

    It does if the file is UTF-8 without BOM, CR, blank lines and three control characters, no line
    is too long, and a gzip is of the kind that DuckDB unpacks. (It drops blank lines, and refuses
    bytes that are not UTF-8.) If the answer is no, the file may not have been read to its end.
    Raises UnreadableFile.
    """
    if path.name.endswith(".gz") and not _is_plain_gzip(path):
        return False
    decoder = codecs.getincrementaldecoder("utf-8")()
    before = b"\n"
    try:
        for block in read_blocks(path):
            data = before + block
            if _BLANK_LINE.search(data) or any(mark in block for mark in _NOT_PLAIN):
                return False
            if len(block) == _BLOCK and b"\n" not in block:
                return False
            # Most blocks are ASCII, which holds no BOM and needs no decoding.
            if decoder.getstate()[0] or not block.isascii():
                decoder.decode(block)
                if _BOM_BYTES in data:
                    return False
            before = block[-2:]
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _is_plain_gzip(path: Path) -> bool:
    """Whether a gzip is one member, with a header that DuckDB knows, and nothing after it."""
    member = zlib.decompressobj(wbits=31)
    try:
        with path.open("rb") as file:
            if file.read(4)[3:] not in _GZIP_FLAGS_OF_DUCKDB:
                return False
            file.seek(0)
            while block := file.read(_BLOCK // 16):
                member.decompress(block)
                if member.unused_data:
                    return False
    except (OSError, zlib.error) as error:
        raise unreadable(path, error) from error
    return member.eof


def read_lines(path: Path) -> Iterator[str]:
    """Yields the lines of a landed file as lines_of does.

    Raises UnreadableFile, maybe after some lines.
    """
    return lines_of(read_blocks(path))


def lines_of(blocks: Iterator[bytes]) -> Iterator[str]:
    """Yields lines as text, blank ones too, without line ends and leading BOMs.

    blocks: the unpacked bytes of a landed file. As for Trino, a BOM at the start of the file is not
    a part of it: a lone one is not a line. Raises what `blocks` raises, maybe after some lines.
    """
    line: list[bytes] = []  # the pieces of the line whose end has not come yet
    for block in _without_halved_ends(_without_bom(blocks)):
        first, *others = _LINE_END.split(block)
        line.append(first)
        for piece in others:
            yield _text(b"".join(line))
            line = [piece]
    if rest := b"".join(line):
        yield _text(rest)


def _without_bom(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """The blocks of a file, without a BOM at its start."""
    yield next(blocks, b"").removeprefix(_BOM_BYTES)
    yield from blocks


def _without_halved_ends(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """The blocks, with a CR at the end of one moved to the next: it may be half of a CRLF."""
    moved = b""
    for block in blocks:
        whole = moved + block
        moved = b"\r" if whole.endswith(b"\r") else b""
        yield whole.removesuffix(moved)
    yield moved


def _text(line: bytes) -> str:
    try:
        return line.decode().lstrip(BOM)
    except UnicodeDecodeError:
        return NOT_UTF8 + line.decode("latin-1")


def landed_files(root: Path, entity: str) -> list[tuple[str, Path]]:
    """Lists an entity's landed files as (ingest_date, path), in order; none if there is no zone.

    Raises UnreadableFile if a folder cannot be listed, and for a file that no engine would read
    because of its place or name, since its lines would be lost unnoticed.
    """
    zone = root / entity / "landing"
    found = []
    for folder in _entries(zone) if zone.exists() else ():
        ingest_date = ingest_date_of(folder.name)
        if not ingest_date:
            raise _misplaced(folder, zone)
        for path in _entries(folder):
            if path.is_dir() or not (path.name.endswith(SUFFIXES) and is_utf8_name(path)):
                raise _misplaced(path, zone)
            found.append((ingest_date, path))
    return found


def _entries(folder: Path) -> list[Path]:
    """The contents of a folder that are not hidden, in order. Raises UnreadableFile."""
    try:
        return sorted(path for path in folder.iterdir() if not is_hidden(path))
    except OSError as error:
        raise unreadable(folder, error) from error


def _misplaced(path: Path, zone: Path) -> UnreadableFile:
    return UnreadableFile(
        f"{for_people(path)}: not a landed file. These are in folders "
        f"{for_people(zone)}/ingest_date=YYYY-MM-DD/, named for a day, and their names are in "
        f"UTF-8 and end in {', '.join(SUFFIXES)}. Move it away and land it with `stedi land`"
    )
