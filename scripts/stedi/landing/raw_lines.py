"""Lines of a landed file as bytes, ends included, and a file written anew without some of them.

The lines are those that landing_files.read_lines gives the build: a line ends at LF, CR or CRLF.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable, Iterable, Iterator
from typing import BinaryIO

from stedi.landing.files import BOM

_BLOCK = 1 << 20
_BOM = BOM.encode()
_LINE = re.compile(rb"[^\r\n]*(?:\r\n|\n|\r)")


def blocks_of(stream: BinaryIO, name: str) -> Iterator[bytes]:
    """The unpacked bytes of a landed file that is open; `name` says whether it is packed.

    Raises what gzip raises for a file that is not whole.
    """
    source = gzip.GzipFile(fileobj=stream) if name.endswith(".gz") else stream
    while block := source.read(_BLOCK):
        yield block


def lines_of(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """The lines with their ends; all of them joined are all the bytes."""
    rest: list[bytes] = []  # of a line whose end has not come: joined once, however long it is
    for block in blocks:
        rest.append(block)
        if b"\n" not in block and b"\r" not in block and not rest[0].endswith(b"\r"):
            continue
        data = b"".join(rest)
        done = 0
        for found in _LINE.finditer(data):
            if found[0].endswith(b"\r") and found.end() == len(data):
                break  # the LF of a CRLF may come yet
            yield found[0]
            done = found.end()
        rest = [data[done:]] if done < len(data) else []
    data = b"".join(rest)
    yield from _LINE.findall(data)
    if last := _LINE.sub(b"", data):
        yield last


def without(lines: Iterable[bytes], is_out: Callable[[bytes], bool]) -> Iterator[bytes]:
    """The bytes of a file without the lines that are out; every other line stays a line.

    A BOM that begins the file is none of its first line's bytes, and stays.
    """
    before, gone = b"", b""
    first = True
    for line in lines:
        if first and line.startswith(_BOM):
            yield _BOM
            line = line.removeprefix(_BOM)
        first = False
        if is_out(line):
            gone = line
            continue
        # Between a CR and a blank line's LF the line that goes leaves its LF: else the two would be
        # one line's end, and the blank line gone too.
        if gone and before.endswith(b"\r") and line.startswith(b"\n"):
            yield b"\n"
        yield line
        before, gone = line, b""


def write(target: BinaryIO, blocks: Iterable[bytes], name: str) -> None:
    """Writes a landed file's bytes, packed where its name says so, the same way each time."""
    if not name.endswith(".gz"):
        target.writelines(blocks)
        return
    with gzip.GzipFile("", "wb", fileobj=target, mtime=0) as packed:
        packed.writelines(blocks)
