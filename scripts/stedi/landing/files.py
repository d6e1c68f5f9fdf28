"""What a landed file is: where it lies, whether it can be read, and which lines it holds.

The one place that knows. `land.py` refuses by it, and the DuckDB target reads by it, so that both
engines see the same lines: Trino ends a line at LF, CR or CRLF and keeps blank lines.
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

# A line that is not UTF-8 is not JSON. It is shown as Latin-1, which every byte is, behind this
# mark, which no JSON text begins with: nothing of it is lost and nothing of it is accepted.
NOT_UTF8 = "\ufffd"
BOM = "\ufeff"

# Control characters for DuckDB's CSV reader, which plain files are checked not to hold.
CSV_SEPARATOR = "\x01"
CSV_NULL = "\x02"
CSV_LONGEST_LINE = 1 << 21
_NOT_PLAIN = tuple(mark.encode() for mark in ("\r", "\0", CSV_SEPARATOR, CSV_NULL))
_BLOCK = CSV_LONGEST_LINE // 2  # a line is shorter than two blocks where each block has a line end
# Bits of a gzip header (RFC 1952, 2.3.1): DuckDB unpacks a member with a file name, or none.
_GZIP_FLAGS_OF_DUCKDB = (b"\x00", b"\x08")
_BLANK_LINE = re.compile(rb"\n\n")  # finds it in less than half the time of `in`
_BOM_BYTES = BOM.encode()
_LINE_END = re.compile(rb"\r\n|\n|\r")


class UnreadableFile(StediError):
    """A landed file that cannot be read to its end. Its text names the file and says what to do."""


def open_bytes(path: Path) -> BinaryIO:
    """Open a landed file for reading its (unpacked) bytes."""
    return gzip.open(path) if path.name.endswith(".gz") else open(path, "rb")


def read_blocks(path: Path) -> Iterator[bytes]:
    """Yield a landed file's unpacked bytes in blocks of 1 MiB.

    Raises UnreadableFile where it cannot be opened, or is not whole (a truncated or broken gzip).
    """
    try:
        with open_bytes(path) as stream:
            while block := stream.read(_BLOCK):
                yield block
    except (OSError, EOFError, zlib.error) as error:
        raise unreadable(path, error) from error


def unreadable(path: Path, error: Exception) -> UnreadableFile:
    """The error for people of what reading a file raised."""
    reason = getattr(error, "strerror", None) or error
    return UnreadableFile(f"{for_people(path)}: cannot be read ({reason}); ask for it again")


def check_readable(path: Path) -> None:
    """Read a file to its end; raise UnreadableFile if that fails."""
    for _ in read_blocks(path):
        pass


def is_plain(path: Path) -> bool:
    """Whether DuckDB's CSV reader gives exactly this file's lines.

    It does where the file is UTF-8 without BOM, CR, blank lines and three control characters, no
    line is too long, and a gzip is of the kind it unpacks. (It drops blank lines and refuses bytes
    that are not UTF-8.) Where the answer is no, the file need not have been read to its end.
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
    """Whether a gzip is one member, with a header that DuckDB knows, and nothing behind it."""
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
    """Yield a landed file's lines as text, blank ones too, without their ends and BOMs before them.

    A BOM that begins the file is none of its bytes, as Trino reads it: alone, it is no line.
    Raises UnreadableFile, maybe after some lines.
    """
    line: list[bytes] = []  # the pieces of the line whose end has not come yet
    for block in _without_halved_ends(_without_bom(read_blocks(path))):
        first, *others = _LINE_END.split(block)
        line.append(first)
        for piece in others:
            yield _text(b"".join(line))
            line = [piece]
    if rest := b"".join(line):
        yield _text(rest)


def _without_bom(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """The blocks of a file, the first one without a BOM at its start."""
    yield next(blocks, b"").removeprefix(_BOM_BYTES)
    yield from blocks


def _without_halved_ends(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """The blocks, with a CR at the end of one, maybe the first half of a CRLF, put in the next."""
    held = b""
    for block in blocks:
        whole = held + block
        held = b"\r" if whole.endswith(b"\r") else b""
        yield whole.removesuffix(held)
    yield held


def _text(line: bytes) -> str:
    try:
        return line.decode().lstrip(BOM)
    except UnicodeDecodeError:
        return NOT_UTF8 + line.decode("latin-1")


def landed_files(root: Path, entity: str) -> list[tuple[str, Path]]:
    """List an entity's landed files as (ingest_date, path), in order; an absent zone has none.

    Raises UnreadableFile for what lies where no engine would look for it, or under a folder that is
    named for no day, since a line that nobody reads would be lost; and for a folder that cannot be
    listed.
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
    """What lies in a folder and is not hidden, in order. Raises UnreadableFile."""
    try:
        return sorted(path for path in folder.iterdir() if not is_hidden(path))
    except OSError as error:
        raise unreadable(folder, error) from error


def _misplaced(path: Path, zone: Path) -> UnreadableFile:
    return UnreadableFile(
        f"{for_people(path)}: not a landed file. Files lie under "
        f"{for_people(zone)}/ingest_date=YYYY-MM-DD/, a day of the calendar, and have names in "
        f"UTF-8 that end in {', '.join(SUFFIXES)}; move it away and land it with scripts/land.py"
    )
