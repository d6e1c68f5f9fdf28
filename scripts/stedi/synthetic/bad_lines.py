"""Lines that no record can be read from, each with the reason that the definitions give it."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from itertools import cycle

from stedi.synthetic.lines import Fields, object_text, plain

BadLine = Callable[[Fields], str]  # a good record's fields -> a line that is to be rejected

# Made from the text of a good object. Bytes that are not UTF-8 stand as surrogate escapes
# ("\udcff" is the byte ff). No line begins with "\n": after a line ended by a lone "\r" it would
# be taken for the rest of that line's end, hence the empty line that ends with "\r\n".
NOT_JSON: tuple[Callable[[str], str], ...] = (
    lambda text: text[:-1],
    lambda text: "",
    lambda text: text[: len(text) // 2],
    lambda text: " \t ",
    lambda text: text[1:],
    lambda text: f"[{text}]",
    lambda text: "null",
    lambda text: "42",
    lambda text: '"text"',
    lambda text: "true",
    lambda text: text + text,
    lambda text: f"{text} {text}",
    lambda text: f"{text},{text}",
    lambda text: f"{text},,",
    lambda text: f",{text}",
    lambda text: f"{text};",
    lambda text: f"{text}]",
    lambda text: text[:-1] + ",}",
    lambda text: text.replace(",", ",,", 1),
    lambda text: text.replace(",", " ", 1),
    lambda text: text.replace(":", "=", 1),
    lambda text: text.replace('"', "'"),
    lambda text: text.replace('"', "", 2),
    lambda text: _with(text, '"a":NaN'),
    lambda text: _with(text, '"a":Infinity'),
    lambda text: _with(text, '"a":-Infinity'),
    lambda text: _with(text, '"a":+1'),
    lambda text: _with(text, '"a":01'),
    lambda text: _with(text, '"a":1.'),
    lambda text: _with(text, '"a":.5'),
    lambda text: _with(text, '"a":0x1F'),
    lambda text: _with(text, '"a":None'),
    lambda text: _with(text, '"a":True'),
    lambda text: _with(text, '"a":[1,]'),
    lambda text: _with(text, '"a":"b'),
    lambda text: _with(text, '"a":"\\q"'),
    lambda text: _with(text, '"a":"\\u12"'),
    lambda text: _with(text, '"a":"\\ud800"'),
    lambda text: _with(text, '"a":"\\udc00\\ud800"'),
    lambda text: _with(text, '"a":"b\tc"'),
    lambda text: _with(text, '"a":"b\x00c"'),
    lambda text: _with(text, '"a":"b\x01c"'),
    lambda text: _with(text, '"a":"b\x1fc"'),
    lambda text: _with(text, '"a":"\udcff"'),
    lambda text: _with(text, '"a":"\udcc0\udcaf"'),
    lambda text: _with(text, '"a":"\udced\udca0\udc80"'),
    lambda text: _with(text, '"a":"\udce2\udc82"'),
    lambda text: _with(text, '"a":' + "[" * 600 + "]" * 600),
    lambda text: f"/* {text} */",
    lambda text: f"\x00{text}",
    lambda text: f"{text}\x00",
    lambda text: f"{text}\ufeff",
)

# No time at all, or one before all deliveries: seconds taken for milliseconds, and a clock at zero.
NO_TIMES = (
    '"1704067200000"', "1704067200000.5", "17040672e-1", "0", "-1", "1704067200", "1262303999999",
    "-99999999999999999999", "1e400", "true", "[1704067200000]", "{}", '""',
)  # fmt: skip
# Later than any delivery: microseconds, and the first year that is too late.
TOO_LATE = ("4102444800000", "1704067200000000", "1704067200000000.0", "99999999999999999999")
TIMES = NO_TIMES + TOO_LATE
NUMBERS = ('"1.0"', "1e400", "-1e400", "true", "[1.0]", '{"a":1.0}', '""', '"NaN"')
EMAILS = (
    "12", '""', '" \\t"', '"nobody"', '"@example.com"', '"person@"', '" @ "', '"person@ "',
    '"per\u200bson@example.com"', '"person\uff20example.com"', '"person@ex\\u00adample.com"',
    '"per\u00a0son@example.com"', '"person\\u0001@example.com"', '"person@example.com\\ufeff"',
    '"a@b@example.com"', "true", '["person@example.com"]',
    '{"a":"person@example.com"}',
)  # fmt: skip
SERIALS = ("7", '""', '"  "', '"\\t\\r\\n"', "false", '["a"]', "{}")

# The fields of each source in the order they are checked, and what they may not be.
CHECKED: dict[str, dict[str, tuple[str, ...]]] = {
    "customer": {
        "email": EMAILS,
        "lastUpdateDate": NO_TIMES,  # too late is no reason: it is taken for the day it landed on
        "serialNumber": SERIALS,
        "shareWithResearchAsOfDate": TIMES,
    },
    "accelerometer": {
        "user": EMAILS, "timestamp": TIMES, "x": NUMBERS, "y": NUMBERS, "z": NUMBERS,
    },
    "step_trainer": {
        "sensorReadingTime": TIMES, "serialNumber": SERIALS, "distanceFromObject": NUMBERS,
    },
}  # fmt: skip
MAY_BE_MISSING = {("customer", "serialNumber"), ("customer", "shareWithResearchAsOfDate")}


def _with(text: str, member: str) -> str:
    return f"{text[:-1]},{member}}}"


def _line(text: str) -> str:
    return f"{text}\n" if text else "\r\n"


def _not_json(way: Callable[[str], str]) -> BadLine:
    return lambda fields: _line(way(object_text(fields)))


def _missing(field: str, later: tuple[str, ...]) -> list[BadLine]:
    """Ways to lack a field, whatever is wrong with the fields checked after it."""

    def absent(fields: Fields) -> str:
        return plain({name: value for name, value in fields.items() if name != field})

    def other_case(fields: Fields) -> str:
        return plain({n.swapcase() if n == field else n: v for n, v in fields.items()})

    return [
        absent,
        lambda fields: plain(fields | {field: "null"}),
        other_case,
        lambda fields: f'{{"{field}":null,' + plain(fields)[1:],
        lambda fields: plain(fields | dict.fromkeys((field, *later), "null")),
    ]


def _invalid(field: str, values: tuple[str, ...], later: tuple[str, ...]) -> list[BadLine]:
    """Ways to have a field wrong, whatever is wrong with the fields checked after it."""

    def having(value: str) -> BadLine:
        return lambda fields: plain(fields | {field: value})

    ways = [having(value) for value in values]
    ways.append(lambda fields: f'{{"{field}":{values[0]},' + plain(fields)[1:])
    ways.append(lambda fields: plain(fields | dict.fromkeys(later, "null") | {field: "[]"}))
    if field == "timestamp":
        ways.append(lambda fields: plain(fields | {"timeStamp": "1704067200000", field: "-7"}))
        ways.append(lambda fields: plain(_renamed(fields, field, "timeStamp", "1.5")))
    return ways


def _renamed(fields: Fields, old: str, new: str, value: str) -> Fields:
    """The fields with one under another name, and with another value."""
    return {(new if n == old else n): (value if n == old else v) for n, v in fields.items()}


def kinds(source: str) -> dict[str, list[BadLine]]:
    """Every way for a line of the source to be bad, by the reason it is rejected for."""
    ways: dict[str, list[BadLine]] = {"not_json": [_not_json(way) for way in NOT_JSON]}
    fields = CHECKED[source]
    for place, (field, values) in enumerate(fields.items()):
        later = tuple(fields)[place + 1 :]
        if (source, field) not in MAY_BE_MISSING:
            ways[f"missing_{field}"] = _missing(field, later)
        ways[f"invalid_{field}"] = _invalid(field, values, later)
    ways[next(reason for reason in ways if reason != "not_json")].append(lambda fields: "{}\n")
    return ways


class BadLines:
    """The bad lines of one source: so many that they are `share` of all lines, kind after kind."""

    def __init__(self, source: str, share: float, rng: random.Random) -> None:
        self._a_good_line = share / (1 - share)
        self._owed = 0.5  # so that the share is rounded, not cut off, where lines are few
        self._kinds = self._turns(source, rng)

    def after(self, good: int, fields: Callable[[], Fields]) -> Iterator[str]:
        """Takes how many good lines were written; yields each bad one that is due.

        fields: gives those of a good record, to make the bad lines from.
        """
        self._owed += good * self._a_good_line
        while self._owed >= 1:
            self._owed -= 1
            yield next(self._kinds)(fields())

    @staticmethod
    def _turns(source: str, rng: random.Random) -> Iterator[BadLine]:
        """Every second line is not JSON, the others take turns by reason: few lines show much."""
        ways = kinds(source)
        for reason_ways in ways.values():
            rng.shuffle(reason_ways)
        turns = {reason: cycle(reason_ways) for reason, reason_ways in ways.items()}
        for reason in cycle([reason for reason in ways if reason != "not_json"]):
            yield next(turns["not_json"])
            yield next(turns[reason])
