"""Records of landed lines: fields as staging reads them, for erasure and for search."""

from __future__ import annotations

import json
import re
from typing import Any

BLANKS = " \t\n\r"  # macros/fields/trimmed.sql names the same
_EMAIL = re.compile(r"[^@]+@[^@]+", re.DOTALL)

_TRAILING_COMMA = re.compile(r"[ \t]*,[ \t]*\Z")


def lower(text: str) -> str:
    """Lower case, letter by letter as the engines make it.

    Python alone would look at the letters around a sigma, and make two letters of a dotted I.
    """
    return (
        text.replace("\N{GREEK CAPITAL LETTER SIGMA}", "\N{GREEK SMALL LETTER SIGMA}")
        .replace("İ", "i")
        .lower()
    )


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
