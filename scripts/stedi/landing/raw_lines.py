"""The lines of a landed file as bytes, ends included, and its bytes without some of them.

The lines are those that files.read_lines gives the build: a line ends at LF, CR or CRLF.
"""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import BinaryIO

from stedi.landing.files import BOM
from stedi.storage.storage import BLOCK

_BOM = BOM.encode()
_LINE = re.compile(rb"[^\r\n]*(?:\r\n|\n|\r)")


def blocks_of(stream: BinaryIO, name: str) -> Iterator[bytes]:
    """The unpacked bytes of an open landed file, in blocks. name: the file's, which tells a gzip.

    Raises EOFError, zlib.error and gzip.BadGzipFile if a gzip is broken.
    """
    source = gzip.GzipFile(fileobj=stream) if name.endswith(".gz") else stream
    while block := source.read(BLOCK):
        yield block


def lines_of(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """The lines of blocks of bytes, with their ends; joined, they are all the bytes."""
    rest: list[bytes] = []  # of a line that has no end yet: joined once, however long it is
    for block in blocks:
        rest.append(block)
        if b"\n" not in block and b"\r" not in block and not rest[0].endswith(b"\r"):
            continue
        data = b"".join(rest)
        done = 0
        for found in _LINE.finditer(data):
            if found[0].endswith(b"\r") and found.end() == len(data):
                break  # the next block may begin with the LF of a CRLF
            yield found[0]
            done = found.end()
        rest = [data[done:]] if done < len(data) else []
    data = b"".join(rest)
    yield from _LINE.findall(data)
    if last := _LINE.sub(b"", data):
        yield last


def without(lines: Iterable[bytes], is_out: Callable[[bytes], bool]) -> Iterator[bytes]:
    """The bytes of a file without the lines that `is_out`; every other line remains a line.

    A BOM that begins the file is no part of its first line, and remains.
    """
    before, removed = b"", b""
    has_bom = False
    for number, line in enumerate(lines):
        if number == 0 and line.startswith(_BOM):
            yield _BOM
            has_bom = True
            line = line.removeprefix(_BOM)
        if is_out(line):
            removed = line
            continue
        # Between a CR and a blank line's LF, a removed line leaves its LF. Otherwise the two would
        # become one line's end, and the blank line would be lost.
        if removed and before.endswith(b"\r") and line.startswith(b"\n"):
            yield b"\n"
        # A BOM within the file must not become the one that begins it.
        if removed and not (before or has_bom) and line.startswith(_BOM):
            yield _BOM
        yield line
        before, removed = line, b""


def packed(blocks: Iterable[bytes], name: str) -> Iterator[bytes]:
    """Blocks as a landed file holds them. name: the file's; with .gz they become a gzip.

    The same bytes give the same gzip each time.
    """
    if not name.endswith(".gz"):
        yield from blocks
        return
    compressor = zlib.compressobj(wbits=31)  # a gzip whose header has no time and no name
    for block in blocks:
        yield compressor.compress(block)
    yield compressor.flush()
