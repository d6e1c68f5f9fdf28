"""Bytes that deliveries were seen, or feared, to hold, and the lines that Trino sees in them."""

from __future__ import annotations

import re

from hypothesis import strategies as st

BLOCK = 1 << 20  # what the scripts read at once
BOM = b"\xef\xbb\xbf"

# Line ends, JSON, what CSV readers take for quotes, comments, separators, nulls or the end of all
# (1a), line separators of Unicode that end no line here, and what is not UTF-8.
PIECES = [
    b"\n", b"\r", b"\r\n", b"\n\n", b"a", b" ", b"\t", b"{}", b'{"a":1}', b'{"a":"', b'"', b'""',
    b"'", b"`", b",", b";", b"|", b"\\", b"\\n", b"#", b"--", b"NULL", b"null", b"\x00", b"\x01",
    b"\x02", b"\x03", b"\x07", b"\x0b", b"\x0c", b"\x1a", b"\x1b", b"\x1c", b"\x1e", b"\x7f", BOM,
    "é".encode(), "\x85".encode(), "\u2028".encode(), "\ufffd".encode(), "😀".encode(),
    b"\xff", b"\xe9", b"\xc0\xaf", b"\xed\xa0\x80", b"\xe2\x82", b"\xf5\x80\x80\x80",
]  # fmt: skip
_TAME = [
    p for p in PIECES if not p.startswith(BOM) and p.isascii() and p not in
    (b"\r", b"\r\n", b"\n\n", b"\x00", b"\x01", b"\x02")
]  # fmt: skip

# Files of every kind, those that DuckDB may read itself as often as the others.
contents = st.one_of(
    st.lists(st.sampled_from(PIECES), max_size=30).map(b"".join),
    st.lists(st.sampled_from([*_TAME, "é😀\x85\u2028".encode()]), max_size=30).map(b"".join),
    st.binary(max_size=60),
)


def lines_in(content: bytes) -> list[str]:
    """The lines of a file, by one look at all of its bytes (what the scripts read by blocks).

    A line ends at CRLF, LF or CR; blank ones count, what follows the last end does if there is
    anything. It is UTF-8, and stands without BOMs before it; or it is Latin-1 behind U+FFFD. A
    BOM that begins the file is no part of it.
    """
    content = content[3:] if content[:3] == BOM else content
    lines = re.findall(rb"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+", content)
    return [_text(re.sub(rb"(\r\n|\r|\n)$", b"", line)) for line in lines]


def _text(line: bytes) -> str:
    try:
        text = str(line, "utf-8")
    except UnicodeDecodeError:
        return "\ufffd" + "".join(map(chr, line))
    while text[:1] == "\ufeff":
        text = text[1:]
    return text
