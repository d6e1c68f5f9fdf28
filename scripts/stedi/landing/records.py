"""Records of landed lines: fields as staging reads them, for erasure and for search.

Times are epoch milliseconds (UTC); an ingest date is a text, as in the name of a folder.
"""

from __future__ import annotations

import json
import re
import unicodedata
from datetime import date
from functools import cache
from typing import Any

BLANKS = " \t\n\r"  # macros/fields/trimmed.sql names the same
EARLIEST = "2010-01-01"  # unless dbt_project.yml says otherwise
_LATEST = 4_102_444_799_999  # the end of 2099, for which later times are taken
_DAY = 86_400_000
_EXACT = 2**53  # below it, a double holds every integer

_EMAIL = re.compile(r"[^@]+@[^@]+", re.DOTALL)
# Characters that nobody sees, or takes for an @ (macros/fields/valid_email.sql names the same).
_UNSEEN = re.compile(
    "[\x01-\x1f\x7f-\xa0\u00ad\u034f\u061c\u115f-\u1160\u1680\u17b4-\u17b5\u180b-\u180f"
    "\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\u3164\ufe00-\ufe0f\ufe6b\ufeff\uff20\uffa0"
    "\ufff0-\ufff8\U000e0000-\U000e0fff]"
)
# What the build takes for an email in a line that is no JSON (macros/engines/landing_fields.sql).
_EMAIL_FIELD = re.compile(r'"email"[ \t\r\n]*:[ \t\r\n]*"([^"\\]*)"')
# Beyond these, engines refuse to read a line as JSON (macros/engines/landing_fields.sql).
_SHORT_LINE, _MOST_BRACKETS = 1_000, 500


def lower(text: str) -> str:
    """Lower case, letter by letter as the engines make it.

    Python alone would look at the letters around a sigma, and make two letters of a dotted I.
    """
    return (
        text.replace("\N{GREEK CAPITAL LETTER SIGMA}", "\N{GREEK SMALL LETTER SIGMA}")
        .replace("İ", "i")
        .lower()
    )


def normal(text: str) -> str:
    """Lower case with composed letters (NFC), however they were written.

    Composed twice: what lower case makes of a letter depends on its form.
    """
    return unicodedata.normalize("NFC", lower(unicodedata.normalize("NFC", text)))


def email_of(value: Any) -> str | None:
    """An email in its normal form; None for what is none (macros/fields/valid_email.sql)."""
    email = normal(value.strip(BLANKS)) if isinstance(value, str) else ""
    return email if _EMAIL.fullmatch(email) and not _UNSEEN.search(email) else None


def serial_of(value: Any) -> str | None:
    """A serial number, which stays as it stands; None for what is none."""
    return value if isinstance(value, str) and value.strip(BLANKS) else None


def text_of(value: Any) -> str | None:
    """A text; None for anything else."""
    return value if isinstance(value, str) else None


def phone_of(value: Any) -> str | None:
    """A phone number: a text, or the digits of a number."""
    number = _integer(value)
    return str(number) if number is not None and 0 <= number < _EXACT else text_of(value)


def update_of(value: Any, earliest: str = EARLIEST) -> int | None:
    """A time that may lie in the future; None for what is none, or is before `earliest`."""
    time = _integer(value)
    return min(time, _LATEST) if time is not None and time >= start_of_day(earliest) else None


def time_of(value: Any, ingest_date: str, earliest: str = EARLIEST) -> int | None:
    """A plausible time of a line: from `earliest` to the end of the day on which it landed."""
    time = _integer(value)
    is_plausible = time is not None and start_of_day(earliest) <= time <= end_of_day(ingest_date)
    return time if is_plausible else None


@cache
def start_of_day(day: str) -> int:
    """The first millisecond of a day."""
    return (date.fromisoformat(day).toordinal() - date(1970, 1, 1).toordinal()) * _DAY


def end_of_day(day: str) -> int:
    """The last millisecond of a day."""
    return start_of_day(day) + _DAY - 1


def record_of(line: str) -> dict[str, Any] | None:
    """The JSON object (RFC 8259) that a line is, with one comma behind it at most.

    Of two equal keys the first counts. Every number is a float. None where the line is none.
    """
    document = line.rstrip(" \t").removesuffix(",")
    if len(document) > _SHORT_LINE and sum(map(document.count, "[{")) > _MOST_BRACKETS:
        return None
    try:
        found = json.loads(
            document,
            object_pairs_hook=_first_of_each,
            parse_int=float,
            parse_constant=_refuse,
        )
        if "\\u" in document:
            json.dumps(found, ensure_ascii=False).encode()  # fails for half a surrogate pair
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def record_in(line: bytes) -> dict[str, Any]:
    """The JSON object that a line with its end is; an empty one where it is none."""
    try:
        return record_of(line.decode().strip("\r\n").lstrip("\ufeff")) or {}
    except UnicodeDecodeError:
        return {}


def emails_named_in(line: bytes) -> set[str]:
    """The emails that the build reads from a customer line without a valid one: whoever they are,
    the line suspends their consent."""
    found = _EMAIL_FIELD.findall(line.decode("utf-8", "replace"))
    return {email for each in found if (email := email_of(each))}


def _integer(value: Any) -> int | None:
    return int(value) if isinstance(value, float) and value.is_integer() else None


def _first_of_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return dict(reversed(pairs))


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")
