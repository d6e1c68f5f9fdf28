"""No input stops a run, every line is accounted for, and good lines beside a bad one are kept."""

from __future__ import annotations

import gzip
import os
from collections import Counter
from pathlib import Path

import pytest

from support.lakehouse import Lakehouse

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
    ("the year 2100", reading(timestamp=b"4102444800000"), "invalid_timestamp"),
    ("the millisecond before", reading(timestamp=b"4102444799999"), None),
    ("no email", reading().replace(b"@example.com", b""), "invalid_user"),
    ("an empty object", b"{}\n", "missing_user"),
    ("the last line, without an end", GOOD % b"last", None),
]
ACCEPTED_USERS = ("good", "ann", "bom", "crlf", "cr", "comma", "old", "first", "extra", "last")
DISTINCT = len(ACCEPTED_USERS) + 1  # ann has two readings, of two times
ODD_ENDS = b'{"user": 7}\r\n[1]\nM\xfcller\n'


def content() -> bytes:
    """The file of all the lines."""
    return b"".join(line for _, line, _ in LINES)


def check(lakehouse: Lakehouse, copies: int) -> None:
    """The bad lines have their reasons, the good ones are there, and the sum is right."""
    lakehouse.build(tests=copies == 1)
    reasons = Counter(reason for _, _, reason in LINES if reason)
    rejected = lakehouse.table("stedi_staging.rejected_lines", "reason")
    assert rejected == Counter({(reason,): copies * n for reason, n in reasons.items()})
    assert set(lakehouse.table("stedi_staging.stg_accelerometer", "email")) == {
        (f"{user}@example.com",) for user in ACCEPTED_USERS
    }
    landed = copies * len(LINES)
    duplicate = landed - DISTINCT - rejected.total()
    counts = "landed, accepted, duplicate, rejected"
    assert lakehouse.table("stedi_audit.landing_reconciliation", counts) == Counter(
        [(landed, DISTINCT, duplicate, rejected.total())]
    )


def test_every_bad_line_has_its_reason_and_good_lines_are_kept(lakehouse: Lakehouse) -> None:
    lakehouse.land("accelerometer", "hostile.json", content())
    check(lakehouse, copies=1)


def test_the_same_holds_in_a_gzip_beside_empty_files(lakehouse: Lakehouse) -> None:
    lakehouse.land("accelerometer", "hostile.json", content())
    lakehouse.land("accelerometer", "hostile.json.gz", gzip.compress(content()))
    lakehouse.land("accelerometer", "empty.json", b"")
    lakehouse.land("accelerometer", "empty.json.gz", gzip.compress(b""))
    check(lakehouse, copies=2)


def test_rejected_lines_are_kept_as_they_were(lakehouse: Lakehouse) -> None:
    path = lakehouse.land("accelerometer", "a.json", ODD_ENDS)
    lakehouse.build()
    found = lakehouse.table("stedi_staging.rejected_lines", "file_name, reason, raw_line")
    assert found == Counter(
        [
            (path.name, "invalid_user", '{"user": 7}'),
            (path.name, "not_json", "[1]"),
            (path.name, "not_json", "\ufffdMüller"),  # as Latin-1, behind a mark
        ]
    )


def test_an_absent_zone_is_zero_rows(lakehouse: Lakehouse) -> None:
    lakehouse.build()
    of_the_project = {"stedi_audit.withholding_reasons", "stedi_audit.stale_exposures"}
    assert {name for name, rows in lakehouse.tables().items() if rows} == of_the_project


@pytest.fixture(params=["a truncated gzip", "no gzip at all", "a dangling link"])
def unreadable(request: pytest.FixtureRequest, lakehouse: Lakehouse) -> Path:
    """A file of the zone that cannot be read; more of that in tests/scripts."""
    path = lakehouse.land("customer", "broken.json.gz", gzip.compress(content())[:-9])
    if request.param == "no gzip at all":
        path.write_bytes(b"{}\n")
    elif request.param == "a dangling link":
        path.unlink()
        os.symlink("nowhere.json.gz", path)
    return path


def test_an_unreadable_file_stops_the_run_before_any_table_changes(
    lakehouse: Lakehouse, unreadable: Path
) -> None:
    aside = lakehouse.folder / "aside"
    top = lakehouse.landing / "customer"
    top.rename(aside)
    lakehouse.land("accelerometer", "good.json", reading())
    lakehouse.build(tests=False)
    before = lakehouse.tables()

    aside.rename(top)
    lakehouse.land("accelerometer", "more.json", reading(b"bob"))
    result = lakehouse.dbt("build")

    assert not result.success
    assert str(unreadable) in result.errors
    assert lakehouse.tables() == before
