"""Lines of the accelerometer that could stop a run, or be counted wrongly."""

from __future__ import annotations

# (what the line is, its bytes with their end, the reason it is rejected for; None: accepted)
Lines = list[tuple[str, bytes, str | None]]
GOOD = b'{"user":"%s@example.com","timestamp":1704067200000,"x":1.0,"y":0.0,"z":-1.0}'


def reading(user: bytes = b"ann", **fields: bytes) -> bytes:
    """A line of the accelerometer, with some of its values others."""
    line = GOOD % user
    for name, value in fields.items():
        before, _, rest = line.partition(b'"%s":' % name.encode())
        after = min((rest.find(mark) for mark in b",}" if rest.find(mark) >= 0), default=0)
        line = before + b'"%s":' % name.encode() + value + rest[after:]
    return line + b"\n"


LINES: Lines = [
    ("a good line", reading(b"good"), None),
    ("an empty line", b"\n", "not_json"),
    ("blanks", b"  \t \n", "not_json"),
    ("no JSON", b"user=ann\n", "not_json"),
    ("a truncated line", reading()[:40] + b"\n", "not_json"),
    ("an array", b"[" + GOOD % b"ann" + b"]\n", "not_json"),
    ("a scalar", b"42\n", "not_json"),
    ("null", b"null\n", "not_json"),
    ("two objects", GOOD % b"ann" + GOOD % b"bob" + b"\n", "not_json"),
    ("NaN", reading(x=b"NaN"), "not_json"),
    ("invalid UTF-8", reading(b"\xff\xfe"), "not_json"),
    ("a NUL byte", reading(b"nul\x00"), "not_json"),
    ("control bytes", reading(b"\x01\x02\x1f"), "not_json"),
    ("a vertical tab after the object", GOOD % b"ann" + b"\x0b\n", "not_json"),
    ("a backslash and N", b"\\N\n", "not_json"),
    ("a 10 MB line that is not JSON", b"x" * 10_000_000 + b"\n", "not_json"),
    ("a 10 MB field", reading()[:-2] + b',"note":"' + b"x" * 10_000_000 + b'"}\n', None),
    ("a BOM", b"\xef\xbb\xbf" + reading(b"bom"), None),
    ("CRLF", GOOD % b"crlf" + b"\r\n", None),
    ("CR alone", GOOD % b"cr" + b"\r", None),
    ("a trailing comma", GOOD % b"comma" + b",\n", None),
    ("the old name of the time", reading(b"old").replace(b"timestamp", b"timeStamp"), None),
    ("the other case and blanks", reading(b"  GOOD"), None),  # the good line again
    ("a key twice, the first counts", reading(b"first")[:-2] + b',"user":null}\n', None),
    ("an unknown field", reading(b"extra")[:-2] + b',"note":{"x":[1]}}\n', None),
    ("a number as a string", reading(x=b'"1.0"'), "invalid_x"),
    ("a string as a number", reading().replace(b'"ann@example.com"', b"7"), "invalid_user"),
    ("1e400", reading(y=b"1e400"), "invalid_y"),
    ("a missing field", reading().replace(b',"z":-1.0', b""), "missing_z"),
    ("null", reading(z=b"null"), "missing_z"),
    ("a fractional time", reading(timestamp=b"1704067200000.5"), "invalid_timestamp"),
    ("a negative time", reading(timestamp=b"-1"), "invalid_timestamp"),
    ("microseconds", reading(timestamp=b"1704067200000000"), "invalid_timestamp"),
    ("the day after it landed", reading(timestamp=b"1704153600000"), "invalid_timestamp"),
    ("the millisecond before", reading(timestamp=b"1704153599999"), None),
    ("the last millisecond of 2009", reading(timestamp=b"1262303999999"), "invalid_timestamp"),
    ("the first of 2010", reading(timestamp=b"1262304000000"), None),
    ("no email", reading().replace(b"@example.com", b""), "invalid_user"),
    ("an empty object", b"{}\n", "missing_user"),
    ("the last line, without an end", GOOD % b"last", None),
]
ODD_ENDS = b'{"user": 7}\r\n[1]\nM\xfcller\n'


def hostile_file() -> bytes:
    """The file of all the lines."""
    return b"".join(line for _, line, _ in LINES)
