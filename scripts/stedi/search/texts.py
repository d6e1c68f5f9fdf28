"""Texts as the build compares them: emails in their normal form, lines as what they say."""

from __future__ import annotations

import re

from stedi.landing.records import lower

_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_MEANT = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


def unescaped(text: str) -> str:
    """A text with JSON's escapes as what they mean, wherever they stand, in broken JSON too."""
    if "\\" not in text:
        return text
    plain = _ESCAPE.sub(_character, text)
    # an escape beyond the first 65,536 letters is two, which are one only together
    return plain.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _character(escape: re.Match[str]) -> str:
    code = escape[1]
    return chr(int(code[1:], 16)) if len(code) == 5 else _MEANT.get(code, code)


def readings_of(data: bytes) -> set[str]:
    """All that bytes may say, in lower case: as UTF-8 or Latin-1, escaped or as meant."""
    try:
        texts = {data.decode()}
    except UnicodeDecodeError:
        texts = {data.decode("utf-8", "replace"), data.decode("latin-1")}
    return {lower(meant) for text in texts for meant in {text, unescaped(text)}}
