"""No input stops a run, every line is accounted for, and good lines beside a bad one are kept."""

from __future__ import annotations

import gzip
from collections import Counter
from pathlib import Path

import pytest

from support.hostile import LINES, ODD_ENDS, hostile_file, reading
from support.lakehouse import Lakehouse

ACCEPTED_USERS = ("good", "ann", "bom", "crlf", "cr", "comma", "old", "first", "extra", "last")
DISTINCT = len(ACCEPTED_USERS) + 2  # ann has three readings, of three times


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
    lakehouse.land("accelerometer", "hostile.json", hostile_file())
    check(lakehouse, copies=1)


def test_the_same_holds_in_a_gzip_beside_empty_files(lakehouse: Lakehouse) -> None:
    lakehouse.land("accelerometer", "hostile.json", hostile_file())
    lakehouse.land("accelerometer", "hostile.json.gz", gzip.compress(hostile_file()))
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
    of_the_project = {
        "stedi_audit.withholding_reasons",
        "stedi_audit.stale_exposures",
        "stedi_audit.training_data_checks",
    }
    assert {name for name, rows in lakehouse.tables().items() if rows} == of_the_project


@pytest.fixture(
    params=[
        "a truncated gzip",
        pytest.param("no gzip at all", marks=pytest.mark.deep),
        pytest.param("a dangling link", marks=pytest.mark.deep),
    ]
)
def unreadable(request: pytest.FixtureRequest, lakehouse: Lakehouse) -> Path:
    """A file of the zone that cannot be read; more of that in tests/unit/landing."""
    path = lakehouse.land("customer", "broken.json.gz", gzip.compress(hostile_file())[:-9])
    if request.param == "no gzip at all":
        path.write_bytes(b"{}\n")
    elif request.param == "a dangling link":
        path.unlink()
        path.symlink_to("nowhere.json.gz")
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
