"""Reads the emails of an erasure from a file, as people and spreadsheets write one."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

from stedi.errors import StediError
from stedi.landing.records import BLANKS, email_of

_MARKS = {  # at the beginning of a file; of two that begin alike the longer one first
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF32_LE: "utf-32-le",
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
# Entries of a line are separated outside of quotes and angle brackets.
_ENTRY = re.compile(r'(?:"(?:[^"]|"")*"|<[^<>]*>|[^,;"<]|["<])+')
_QUOTED = re.compile(r'"((?:[^"]|"")*)"')
_WITH_NAME = re.compile(r"[^<>]*<([^<>]*)>", re.DOTALL)
_SUSPICIOUS = re.compile(r"[\s\"<>“”„«»\ufffd\0]")


def emails_in(content: bytes) -> list[str]:
    """The emails in a file's content, in normal form, each once.

    One email a line, or several with `,` or `;` between them; quoted, or behind a name in angle
    brackets. UTF-8 or UTF-16; bytes of another encoding are accepted in names, not in emails.
    Raises StediError, which names the line and never the email.
    """
    found: dict[str, None] = {}
    for number, line in enumerate(re.split(r"\r\n|\n|\r", _text_of(content)), 1):
        for entry in _entries(line):
            if (email := _email_of(entry)) is None:
                raise StediError(
                    f"line {number}: not an email address. Write one email a line in UTF-8, such "
                    "as name@example.com; in double quotes if a blank, comma or semicolon is in it"
                )
            found[email] = None
    if not found:
        raise StediError("no emails were given. Write one a line to stdin, or to a file for --file")
    return list(found)


def _text_of(content: bytes) -> str:
    """Bytes as text; whatever may be another letter in another encoding becomes U+FFFD."""
    for mark, encoding in _MARKS.items():
        if content.startswith(mark):
            return content.removeprefix(mark).decode(encoding, "replace")
    if b"\0" in content[:2]:  # UTF-16 without a mark: of an ASCII letter one byte is 0
        return content.decode("utf-16-be" if content[:1] == b"\0" else "utf-16-le", "replace")
    try:
        return content.decode()
    except UnicodeDecodeError:
        return content.decode("ascii", "replace")


def _entries(line: str) -> Iterator[str]:
    return (entry for found in _ENTRY.findall(line) if (entry := found.strip(BLANKS)))


def _email_of(entry: str) -> str | None:
    """The normal form of an entry's email; None if it has none, or it is not certain which."""
    if quoted := _QUOTED.fullmatch(entry):
        entry = quoted[1].replace('""', '"').strip(BLANKS)
        if not (named := _WITH_NAME.fullmatch(entry)):
            return email_of(entry)
        entry = named[1]
    elif named := _WITH_NAME.fullmatch(entry):
        entry = named[1]
    entry = entry.strip(BLANKS)
    if len(entry) > 1 and entry[0] == entry[-1] == "'":
        entry = entry[1:-1]
    return None if _SUSPICIOUS.search(entry) else email_of(entry)
