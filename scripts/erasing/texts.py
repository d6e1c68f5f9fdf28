"""Texts as the build compares them: emails in their normal form, lines as what they say."""

from __future__ import annotations

import json
import re
from typing import Any

BLANKS = " \t\n\r"  # macros/fields/trimmed.sql names the same
_EMAIL = re.compile(r"[^@]+@[^@]+", re.DOTALL)
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_MEANT = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_TRAILING_COMMA = re.compile(r"[ \t]*,[ \t]*\Z")


def lower(text: str) -> str:
    """Lower case, letter by letter as the engines make it.

    Python alone would look at the letters around a sigma, and make two letters of a dotted I.
    """
    return text.replace("Σ", "σ").replace("İ", "i").lower()


def email_of(value: Any) -> str | None:
    """An email in its normal form; None for what is none (macros/fields/json_email.sql)."""
    email = lower(value.strip(BLANKS)) if isinstance(value, str) else ""
    return email if _EMAIL.fullmatch(email) else None


def serial_of(value: Any) -> str | None:
    """A serial number, which stays as it stands; None for what is none."""
    return value if isinstance(value, str) and value.strip(BLANKS) else None


def record_of(line: str) -> dict[str, Any] | None:
    """The JSON object that a line is, with the first of two equal keys; None where it is none."""
    try:
        found = json.loads(_TRAILING_COMMA.sub("", line), object_pairs_hook=_first_of_each)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _first_of_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return dict(reversed(pairs))


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
