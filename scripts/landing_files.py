"""What a landed file is: where it lies, whether it can be read, and which lines it holds.

The one place that knows. `land.py` refuses by it, and the DuckDB target reads by it, so that both
engines see the same lines: Trino ends a line at LF, CR or CRLF and keeps blank lines.
"""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

ENTITIES = ("customer", "accelerometer", "step_trainer")
SUFFIXES = (".json", ".jsonl", ".json.gz", ".jsonl.gz")
PARTITION = re.compile(r"ingest_date=(\d{4}-\d{2}-\d{2})")

# A line that is not UTF-8 is not JSON. It is shown as Latin-1, which every byte is, behind this
# mark, which no JSON text begins with: nothing of it is lost and nothing of it is accepted.
NOT_UTF8 = "\ufffd"
BOM = "\ufeff"

# DuckDB's CSV reader takes whole lines where none can be this long.
_BLOCK = 1 << 20
# Control bytes for that reader, which plain files are checked not to hold.
CSV_SEPARATOR = "\x01"
CSV_NULL = "\x02"
_RESERVED = ("\0", CSV_SEPARATOR, CSV_NULL)
_LINE_END = re.compile(rb"\r\n|\n|\r")


class UnreadableFile(OSError):
    """A landed file that cannot be read to its end. Its text names the file and says what to do."""


def is_hidden(path: Path) -> bool:
    """Whether engines pass the file over: names that begin with a dot or an underscore."""
    return path.name.startswith((".", "_"))


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
        raise UnreadableFile(
            f"{path}: cannot be read ({error}). Ask for the file again, or move it out of the "
            "landing zone; no table has been changed."
        ) from error


def check_readable(path: Path) -> None:
    """Read a file to its end; raise UnreadableFile if that fails."""
    for _ in read_blocks(path):
        pass


def is_plain(path: Path) -> bool:
    """Whether DuckDB's CSV reader gives exactly this file's lines. Reads the file to its end.

    It does where the file is UTF-8 without BOM, CR, blank lines and three control bytes, and no
    line is as long as a block. (It drops blank lines and refuses bytes that are not UTF-8.)
    Raises UnreadableFile.
    """
    last = b"\n"
    for block in read_blocks(path):
        if (
            not block.isascii()
            or b"\r" in block
            or any(mark.encode() in block for mark in _RESERVED)
            or b"\n\n" in block
            or (block.startswith(b"\n") and last == b"\n")
            or (len(block) == _BLOCK and b"\n" not in block)
        ):
            return not block.isascii() and _is_plain_unicode(path)
        last = block[-1:]
    return True


def _is_plain_unicode(path: Path) -> bool:
    """As is_plain, for a file that is not ASCII: line by line, and slower."""
    return all(
        line and not line.startswith((NOT_UTF8, BOM)) and len(line) < _BLOCK // 4
        and not any(mark in line for mark in _RESERVED)
        for line in read_lines(path, keep_bom=True)
    ) and not any(b"\r" in block for block in read_blocks(path))


def read_lines(path: Path, keep_bom: bool = False) -> Iterator[str]:
    """Yield a landed file's lines as text, blank ones too, without their ends and without a BOM."""
    rest = b""
    for block in read_blocks(path):
        data = rest + block
        # A CR at the very end may be the first half of a CRLF: wait for the next block.
        held = b"\r" if data.endswith(b"\r") else b""
        if held:
            data = data[:-1]
        *lines, rest = _LINE_END.split(data)
        rest += held
        for line in lines:
            yield _text(line, keep_bom)
    *lines, rest = _LINE_END.split(rest)
    for line in lines:
        yield _text(line, keep_bom)
    if rest:
        yield _text(rest, keep_bom)


def _text(line: bytes, keep_bom: bool) -> str:
    try:
        text = line.decode()
    except UnicodeDecodeError:
        return NOT_UTF8 + line.decode("latin-1")
    return text if keep_bom else text.removeprefix(BOM)


def landed_files(root: Path, entity: str) -> list[tuple[str, Path]]:
    """List an entity's landed files as (ingest_date, path), in order; an absent zone has none.

    Raises UnreadableFile for a file that lies where no engine would look for it, since a line
    that nobody reads would be lost.
    """
    zone = root / entity / "landing"
    found = []
    for path in sorted(zone.rglob("*")):
        if is_hidden(path) or path.is_dir():
            continue
        partition = PARTITION.fullmatch(path.parent.name)
        if not (partition and path.parent.parent == zone and path.name.endswith(SUFFIXES)):
            raise UnreadableFile(
                f"{path}: not a landed file. Files lie under {zone}/ingest_date=YYYY-MM-DD/ and end "
                f"in {', '.join(SUFFIXES)}; move it away and land it with scripts/land.py."
            )
        found.append((partition[1], path))
    return found
