"""The records of a landed file as bytes, and its bytes without some of them.

A file is one object a line, as a rule. But a sender may write several objects into a line, one
object over several lines, arrays of objects, or an object around the records of many people, and in
UTF-16. Here all of these come apart into pieces: the records of people, and what stands between
them. The build reads lines alone, which end at LF, CR or CRLF; a line that is one object is one
piece with its end.
"""

from __future__ import annotations

import codecs
import gzip
import json
import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from enum import Enum, auto
from itertools import chain
from typing import Any, BinaryIO, NamedTuple

from stedi.landing.files import BOM
from stedi.storage.storage import BLOCK

_BOM = BOM.encode()
_MARKS = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}

_SAMPLE = 1 << 12
_AT_ONCE = 1 << 12  # bytes of lines at which a quick look is taken
_END = re.compile(rb"\r\n|\n|\r")
# A line that is one object without another in it, and so ends with that object.
_FLAT = rb"[ \t]*+\{[^{}\r\n]*+\}[ \t]*+,?[ \t]*+(?:\r\n|\n|\r)"
_FLAT_LINE = re.compile(_FLAT)
_FLAT_LINES = re.compile(rb"(?:%s)*+" % _FLAT)
_GLUE = re.compile(rb"(?:[ \t,\[\]\x1e]|\xef\xbb\xbf)*+")
_ALONE = re.compile(rb"[ \t]*+,?[ \t]*+")  # what may stand behind the one object of a line
_TAIL_END = re.compile(rb"[\r\n{]")
_SEPARATORS = frozenset(b",[]\x1e")
_WHITE = b" \t\r\n"
_REST_OF_LINE = re.compile(rb"[ \t]*+(?:\r\n|\n|\r)?+")
_LONGEST_GLUE = 1 << 16
_OPENS_RECORD = re.compile(rb"[ \t,\[]*+\{[ \t]*+")
_CONTINUES_RECORD = re.compile(rb"[ \t]*+[\"}\]]")
_LONGEST_FRAGMENT = 1 << 16
_OWNER_FIELDS = frozenset(("email", "serialNumber", "user"))  # one of them is in every record
_STRING_OR_BRACE = re.compile(r'"(?:[^"\\]|\\.)*+"|[{}]', re.DOTALL)
_LARGEST = 1 << 26  # bytes of an object
_DECODER = json.JSONDecoder(parse_int=float)
_CUT = "Unterminated string"
# Objects that turn out to be broken are looked at again, line by line: a byte so often on average.
_AGAIN = 4


class Kind(Enum):
    """What a piece of a landed file is.

    LINE: a whole line with its end, one object or none that can be read. RECORD: an object that is
    not alone in its line. MEMBER: a record inside an object that is not a record; when
    removed, it becomes null. TAIL: what stands behind a record in its line and is no JSON. GLUE:
    what separates records. REST: what holds nothing that is looked for.
    """

    LINE = auto()
    RECORD = auto()
    MEMBER = auto()
    TAIL = auto()
    GLUE = auto()
    REST = auto()


class Piece(NamedTuple):
    """A part of a landed file; all parts joined are the file, in UTF-8."""

    kind: Kind
    data: bytes


IsOut = Callable[[bytes], bool]  # whether a record or line is to be removed
MayHold = Callable[[bytes], bool]  # a quick look, which misses nothing


def always(_: bytes) -> bool:
    """Says of all bytes that they may hold it."""
    return True


def blocks_of(stream: BinaryIO, name: str) -> Iterator[bytes]:
    """The unpacked bytes of an open landed file, in blocks. name: the file's, which tells a gzip.

    Raises EOFError, zlib.error and gzip.BadGzipFile if a gzip is broken.
    """
    source = gzip.GzipFile(fileobj=stream) if name.endswith(".gz") else stream
    while block := source.read(BLOCK):
        yield block


def encoding_of(start: bytes) -> tuple[bytes, str] | None:
    """The mark and the encoding of a text that begins with these bytes; None for UTF-8.

    It is UTF-16 only if many of the bytes are 0, as every other one of ASCII letters is: a mark
    alone does not keep the build from reading the lines behind it as UTF-8.
    """
    sample = start[:_SAMPLE]
    if 4 * sample.count(0) < len(sample):
        return None
    for mark, encoding in _MARKS.items():
        if start.startswith(mark):
            return mark, encoding
    if len(sample) > 1 and 0 in sample[:2] and any(sample[:2]):
        return b"", "utf-16-be" if sample[0] == 0 else "utf-16-le"
    return None


class Text:
    """A landed file's text in blocks of UTF-8, to be read once, from blocks of its own encoding."""

    def __init__(self, blocks: Iterable[bytes]) -> None:
        self._blocks = iter(blocks)
        self._first = next(self._blocks, b"")
        found = encoding_of(self._first)
        self._mark, self._encoding = found or (b"", "")
        self._rest = b""  # half a letter at the end of the file

    def __iter__(self) -> Iterator[bytes]:
        if not self._encoding:
            yield self._first
            yield from self._blocks
            return
        decoder = codecs.getincrementaldecoder(self._encoding)("surrogatepass")
        yield decoder.decode(self._first[len(self._mark) :]).encode("utf-8", "surrogatepass")
        for block in self._blocks:
            yield decoder.decode(block).encode("utf-8", "surrogatepass")
        self._rest = decoder.getstate()[0]

    def written(self, parts: Iterable[bytes]) -> Iterator[bytes]:
        """Parts of the text as the file would have them. Takes UTF-8, and reads all of it."""
        if not self._encoding:
            yield from parts
            return
        yield self._mark
        for part in parts:
            yield part.decode("utf-8", "surrogatepass").encode(self._encoding, "surrogatepass")
        yield self._rest


def pieces_of(blocks: Iterable[bytes], may_hold: MayHold = always) -> Iterator[Piece]:
    """The pieces of a file in UTF-8. Takes time in proportion to its bytes, and memory for the
    largest line or record.

    may_hold: a quick look at some lines at once; those for which it says no are one piece.
    """
    return _Reader(blocks, may_hold).pieces()


def records_of(blocks: Iterable[bytes], may_hold: MayHold = always) -> Iterator[bytes]:
    """The records and lines of a file, of which each is somebody's or nobody's."""
    for piece in pieces_of(Text(blocks), may_hold):
        if parts := members_of(piece):
            yield from (part.data for part in parts if part.kind is Kind.MEMBER)
            yield _wrapper(parts)
        elif piece.kind in (Kind.LINE, Kind.RECORD, Kind.TAIL):
            yield piece.data


class _Object(list[tuple[str, Any]]):
    """A JSON object as pairs: of equal keys, none is lost."""


_PAIRS = json.JSONDecoder(object_pairs_hook=_Object, parse_int=float)


def members_of(piece: Piece) -> list[Piece]:
    """The parts of an object that wraps records, such as the events of a message.

    Empty for any other piece.
    """
    if piece.kind not in (Kind.LINE, Kind.RECORD) or piece.data.count(b"{") < 2:
        return []
    text = piece.data.decode("latin-1")  # a letter for each byte
    start = text.index("{")
    try:
        found = _PAIRS.raw_decode(text, start)[0]
    except (ValueError, RecursionError):
        return []
    parts, at = [], 0
    for (begin, end), is_member in zip(_objects(text, start), _are_members(found), strict=True):
        if is_member:
            parts.append(Piece(Kind.REST, piece.data[at:begin]))
            parts.append(Piece(Kind.MEMBER, piece.data[begin:end]))
            at = end
    return [*parts, Piece(Kind.REST, piece.data[at:])] if parts else []


def _objects(text: str, start: int) -> list[tuple[int, int]]:
    """Where each object of a JSON text begins and ends, in the order in which they begin."""
    found: list[tuple[int, int]] = []
    unfinished: list[int] = []
    for token in _STRING_OR_BRACE.finditer(text, start):
        if token[0] == "{":
            unfinished.append(len(found))
            found.append((token.start(), 0))
        elif token[0] == "}":
            at = unfinished.pop()
            found[at] = (found[at][0], token.end())
            if not unfinished:
                break
    return found


def _are_members(document: _Object) -> Iterator[bool]:
    """Whether each object in a document is an outermost record, in the order in which they begin.

    The document itself is not one.
    """
    stack: list[tuple[Any, bool]] = [(document, False)]
    while stack:
        value, is_in_record = stack.pop()
        children: list[Any] = []
        if isinstance(value, _Object):
            is_record = any(key in _OWNER_FIELDS for key, _ in value)
            yield is_record and not is_in_record and value is not document
            is_in_record |= is_record
            children = [each for _, each in value]
        elif isinstance(value, list):
            children = value
        stack += [(child, is_in_record) for child in reversed(children)]


def _wrapper(parts: Iterable[Piece]) -> bytes:
    """An object that wraps records, with null in their place."""
    return b"".join(b"null" if part.kind is Kind.MEMBER else part.data for part in parts)


class _Reader:
    """Reads pieces from blocks of bytes. All offsets are counted from what was not yet yielded."""

    def __init__(self, blocks: Iterable[bytes], may_hold: MayHold) -> None:
        self._blocks = iter(blocks)
        self._may_hold = may_hold
        self._data = b""
        self._at = 0  # everything before it has been yielded
        self._open = 0  # arrays that have begun and not ended
        self._budget = 4 * BLOCK  # bytes that may be looked at again

    def pieces(self) -> Iterator[Piece]:
        self._has(len(_BOM))
        if self._data.startswith(_BOM):
            yield self._take(Kind.GLUE, len(_BOM))
        while self._has(1):
            if end := self._flat_lines():
                yield from self._flat(end)
            else:
                yield from self._line()

    @property
    def _length(self) -> int:
        return len(self._data) - self._at

    def _has(self, size: int) -> bool:
        """Whether there are so many bytes; reads them if need be."""
        return self._length >= size or (self._more(size) and self._length >= size)

    def _more(self, size: int = 0) -> bool:
        """Reads at least up to this size, and to twice of what there is, so that the copying of
        what was read stays in proportion to it. Returns whether there was any more."""
        before = length = self._length
        found = [self._data[self._at :]]
        while length < max(size, 2 * before, 1):
            if (block := next(self._blocks, None)) is None:
                break
            found.append(block)
            length += len(block)
        self._data, self._at = b"".join(found), 0
        return length > before

    def _take(self, kind: Kind, size: int) -> Piece:
        """So many bytes as a piece."""
        data = self._data[self._at : self._at + size]
        if kind is Kind.GLUE:
            self._open = max(0, self._open + data.count(b"[") - data.count(b"]"))
        self._at += size
        self._budget += _AGAIN * size
        return Piece(kind, data)

    def _flat_lines(self) -> int:
        """The size of the lines from here on that are one object each, as far as they are there."""
        found = _FLAT_LINES.match(self._data, self._at)
        size = found.end() - self._at if found else 0
        if size == self._length and self._data.endswith(b"\r"):  # it may be half a CRLF
            size = max(0, self._data.rfind(b"\n", self._at) + 1 - self._at)
        return size

    def _flat(self, size: int) -> Iterator[Piece]:
        """The pieces of lines of one object each."""
        while size > 0:
            found = _END.search(self._data, self._at + min(size, _AT_ONCE) - 1)
            some = min(found.end() - self._at if found else size, size)
            lines = self._data[self._at : self._at + some]
            size -= some
            if self._may_hold(lines):
                yield from self._each_of(lines)
            elif self._open:  # what follows may go, and with it the comma behind these
                end = lines.rindex(b"}") + 1
                yield self._take(Kind.REST, end)
                yield self._take(Kind.GLUE, some - end)
            else:
                yield self._take(Kind.REST, some)

    def _each_of(self, lines: bytes) -> Iterator[Piece]:
        for line in lines.splitlines(keepends=True):
            if self._open:
                begin, end = line.index(b"{"), line.rindex(b"}") + 1
                if begin:
                    yield self._take(Kind.GLUE, begin)
                yield self._take(Kind.RECORD, end - begin)
                yield self._take(Kind.GLUE, len(line) - end)
            else:
                yield self._take(Kind.LINE, len(line))

    def _run(self, pattern: re.Pattern[bytes], at: int) -> int:
        """Where ends what matches a pattern from an offset on; it may be nothing."""
        while True:
            found = pattern.match(self._data, self._at + at)
            end = found.end() - self._at if found else at
            # a BOM may have been cut in three
            if self._length - end >= len(_BOM) or not self._more():
                return end
            at = end if pattern is _GLUE else at

    def _line_end(self, at: int) -> int:
        """Where the line ends that an offset is in, its end included."""
        while True:
            found = _END.search(self._data, self._at + at)
            if found and (found[0] != b"\r" or found.end() < len(self._data)):
                return found.end() - self._at
            at = (found.start() if found else len(self._data)) - self._at
            if not self._more():
                return self._length

    def _line(self) -> Iterator[Piece]:
        """The pieces from the beginning of a line to the end of one."""
        is_begin = True
        while self._has(1):
            glue = self._run(_GLUE, 0)
            if glue == self._length or self._data[self._at + glue] in b"\r\n":
                yield self._take(Kind.GLUE, self._line_end(glue))
                return
            if size := self._object(glue):
                if is_begin and (line := self._alone(glue, size)):
                    yield self._take(Kind.LINE, line)
                    return
                if glue:
                    yield self._take(Kind.GLUE, glue)
                yield self._take(Kind.RECORD, size)
                is_begin = False
                continue
            if is_begin:
                yield self._take(Kind.LINE, self._broken(glue))
                return
            if glue:
                yield self._take(Kind.GLUE, glue)
            yield self._take(Kind.TAIL, self._tail())

    def _tail(self) -> int:
        """The size of what is here up to the line's end, or up to what may be a record again."""
        at = 1
        while True:
            if found := _TAIL_END.search(self._data, self._at + at):
                return found.start() - self._at
            at = self._length
            if not self._more():
                return self._length

    def _object(self, at: int) -> int:
        """The size of the JSON object at an offset; 0 if there is none."""
        if self._data[self._at + at] != ord("{"):
            return 0
        size, looked_at = 1 << 10, 0
        while True:
            is_all = not self._has(at + size)
            begin = self._at + at
            text = self._data[begin : begin + size].decode("latin-1")  # a letter for each byte
            try:
                return _DECODER.raw_decode(text)[1]
            except json.JSONDecodeError as error:
                is_cut = error.msg.startswith(_CUT) or error.pos >= len(text.rstrip()) - 8
                looked_at += len(text) if is_cut else error.pos
            except (ValueError, RecursionError):
                is_cut = False
                looked_at += len(text)
            size *= 2
            if not is_cut or is_all or size > _LARGEST or self._budget < 0:
                self._budget -= looked_at
                return 0

    def _alone(self, at: int, size: int) -> int:
        """Where the line ends in which there is nothing but an object; 0 if it is no such line."""
        whole = self._data[self._at : self._at + at + size]
        if self._open or _SEPARATORS & {*whole[:at]} or _END.search(whole):
            return 0
        end = self._run(_ALONE, at + size)
        is_end = end == self._length or self._data[self._at + end] in b"\r\n"
        return self._line_end(end) if is_end else 0

    def _broken(self, at: int) -> int:
        """The size of what is no JSON here: a line, or the lines over which an object is written
        that does not end, because one of them alone does not say whose it is."""
        size = self._line_end(at)
        if _OPENS_RECORD.fullmatch(self._data[self._at : self._at + size].rstrip(b"\r\n")):
            while size < _LONGEST_FRAGMENT and self._has(size + 1):
                end = self._line_end(size)
                if not _CONTINUES_RECORD.match(self._data, self._at + size, self._at + end):
                    break
                size = end
        return size


def judged(pieces: Iterable[Piece], is_out: IsOut) -> Iterator[tuple[Piece, bool]]:
    """Pieces, each with whether it is to be removed. What stands behind a record in its line and is
    no JSON goes with it, as it may be the rest of it, unless it may name somebody itself."""
    was_out = False
    for piece in pieces:
        if piece.kind is Kind.GLUE:
            was_out = was_out and not _END.search(piece.data)
            yield piece, False
            continue
        if parts := members_of(piece):
            outs = [part.kind is Kind.MEMBER and is_out(part.data) for part in parts]
            was_out = all(outs[1::2]) or is_out(_wrapper(parts))
            yield from [(piece, True)] if was_out else zip(parts, outs, strict=True)
            continue
        is_rest = was_out and piece.kind is Kind.TAIL and b"@" not in piece.data
        was_out = is_rest or (piece.kind is not Kind.REST and is_out(piece.data))
        yield piece, was_out


def without(pieces: Iterable[tuple[Piece, bool]]) -> Iterator[bytes]:
    """The bytes of a file without the pieces that are to be removed.

    A comma or line end that separated a record from others goes with it, so that what remains is as
    valid as it was. Every other line remains a line. A BOM that begins the file remains.
    """
    before = removed = b""  # what was written last; whether something was removed since
    glue = bytearray()  # what has not been written yet
    behind: bytearray | None = None  # what follows the record that was removed last
    for piece, is_out in chain(pieces, [(Piece(Kind.REST, b""), False)]):
        if is_out and piece.kind is Kind.MEMBER:
            piece, is_out = Piece(Kind.REST, b"null"), False
        if piece.kind is Kind.GLUE:
            found = glue if behind is None else behind
            found += piece.data
            if len(found) < _LONGEST_GLUE:
                continue
        if behind is not None:
            glue, behind = bytearray(_joined(before, bytes(glue), bytes(behind))), None
        if is_out and piece.kind is not Kind.LINE:
            behind = bytearray()
            continue
        for data in (bytes(glue), b"" if is_out or piece.kind is Kind.GLUE else piece.data):
            if not data:
                continue
            # Between a CR and a blank line's LF, a removed line leaves its LF. Otherwise the two
            # would become one line's end, and the blank line would be lost.
            if removed and before.endswith(b"\r") and data.startswith(b"\n"):
                yield b"\n"
            # A BOM within the file must not become the one that begins it.
            if removed and not before and data.startswith(_BOM):
                yield _BOM
            yield data
            before, removed = data, b""
        glue.clear()
        removed = piece.data if is_out else removed


def _joined(before: bytes, glue: bytes, behind: bytes) -> bytes:
    """What separates the neighbours of a removed record.

    before: what comes before that, glue and behind: what stood before and behind the record.
    """
    body, rest = glue.rstrip(_WHITE), behind.lstrip(_WHITE)
    is_line_start = (before + glue).rstrip(b" \t").endswith((b"\n", b"\r", _BOM)) or not (
        before + glue
    ).strip(b" \t")
    has_comma = body.endswith(b",")
    if rest.startswith(b","):
        lead, rest = behind[: -len(rest)], rest[1:]
        next_one = rest.lstrip(_WHITE)
        gap = lead + rest[: len(rest) - len(next_one)]
        if is_line_start or not _END.search(gap):
            return _with_ends(glue, next_one)
        return _with_ends(body[:-1], behind) if has_comma else _with_ends(glue, gap + next_one)
    if has_comma and (rest.startswith(b"]") or not _END.search(glue[len(body) :])):
        return _with_ends(body[:-1], behind)
    if is_line_start:
        return _with_ends(glue, _REST_OF_LINE.sub(b"", behind, count=1))
    if not behind or behind[:1] in b" \t\r\n":
        return _with_ends(glue.rstrip(b" \t"), behind)
    return glue + behind


def _with_ends(left: bytes, right: bytes) -> bytes:
    """Both, where a CR and an LF do not become one line's end."""
    return left + (b"\n" if left.endswith(b"\r") and right.startswith(b"\n") else b"") + right


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
