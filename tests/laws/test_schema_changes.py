"""Columns that come to a model which is kept up, or go, and fields that come to a delivery."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from stedi.synthetic.lines import EXTRA
from support.deeds import FORMS, MOMENTS, Bad, Deed, Life, Measured, Moved, Record
from support.histories import Build, Deliver, History
from support.known_histories import COUNTEREXAMPLES
from support.lakehouse import Lakehouse, customer_id
from support.on_duckdb import OnDuckDB
from support.oracle import time_of
from support.project_to_break import breakable, replace_once
from support.replay import Course, replay

ANN, BEN = 0, 1
EMAILS = [Life(0).email(who) for who in (ANN, BEN)]
FIRST = Deliver((
    (0, Record(ANN, consent=9)), (0, Moved(ANN)), (0, Measured(ANN)),
    (0, Record(BEN, consent=9)), (0, Moved(BEN)), (0, Measured(BEN)),
))  # fmt: skip
# Ann has a new reading. Ben's consent is another one: his reading stays, and is rebuilt.
SECOND = Deliver((
    (0, Moved(ANN, moment=1)), (0, Record(BEN, consent=10)), (0, Bad("accelerometer", 0)),
))  # fmt: skip
RIGHT = ("", [])
TOTAL = """
      - name: total
        description: What the three axes add up to.
        data_type: double
        config: {meta: {pii: indirect}}
"""

Change = Callable[[str, str, str], None]


@pytest.fixture
def copied(tmp_path: Path) -> Lakehouse:
    """A lakehouse with a project of its own, free to be changed."""
    return breakable(tmp_path)


@pytest.fixture
def course(copied: Lakehouse, tmp_path: Path) -> Course:
    """The first delivery is built, the second has landed."""
    course = Course(OnDuckDB(tmp_path, copied), History((FIRST, SECOND)).dates())
    course.deliver(FIRST, 0)
    assert course.build(Build(), refresh=False) == RIGHT
    course.deliver(SECOND, 1)
    return course


@pytest.fixture
def change(copied: Lakehouse) -> Change:
    """Replaces a text of a model's file."""

    def change(file: str, text: str, replacement: str) -> None:
        replace_once(copied.project / "models" / file, text, replacement)
        copied.parse_again()

    return change


def motion(lakehouse: Lakehouse, column: str) -> dict[tuple[str, Any], Any]:
    """A column of the trusted motion, by email and time."""
    emails = {customer_id(email): email for email in EMAILS}
    rows = lakehouse.query(
        f"select customer_id, read_at, {column} from stedi_trusted.accelerometer_trusted"
    )
    return {(emails[who], read_at): value for who, read_at, value in rows}


def test_a_new_column_is_filled_in_what_is_new_and_null_in_what_stays(
    course: Course, copied: Lakehouse, change: Change
) -> None:
    sql, yaml = (f"trusted/accelerometer_trusted.{kind}" for kind in ("sql", "yml"))
    change(sql, "        z\n", "        z,\n        x + y + z as total\n")
    change(yaml, "\nunit_tests:", f"{TOTAL[1:]}\nunit_tests:")

    result = copied.dbt("build")  # with all tests

    assert (result.success, result.errors, result.warnings) == (True, "", "")
    assert course.built("since_consent", refresh=False) == []
    (ann, ben), (first, second) = EMAILS, map(time_of, MOMENTS[:2])
    known = {(ann, first): None, (ann, second): -1.5, (ben, first): -1.5}
    assert motion(copied, "total") == known
    comment = "select comment from duckdb_columns() where column_name = 'total'"
    assert copied.query(comment) == [("What the three axes add up to.",)]

    assert course.build(Build(), refresh=False) == RIGHT
    assert motion(copied, "total") == known
    assert course.build(Build(full_refresh=True), refresh=False) == RIGHT
    assert motion(copied, "total") == dict.fromkeys(known, -1.5)


@pytest.mark.deep
def test_a_new_column_without_a_type_is_an_error_that_says_what_to_do(
    course: Course, copied: Lakehouse, change: Change
) -> None:
    """In a model without a contract: for the others dbt itself wants the type."""
    sql, yaml = (f"staging/rejected_lines.{kind}" for kind in ("sql", "yml"))
    change(sql, "    raw_line\n", "    raw_line,\n    length(raw_line) as size\n")
    known = "      - name: raw_line\n"
    change(yaml, known, f"      - name: size\n        description: Its length.\n{known}")

    result = copied.dbt("build")

    assert result.failed == {"rejected_lines"}
    complaint = "rejected_lines has no column size yet. Give its data_type in the model's YAML"
    assert complaint in result.errors
    assert copied.query("select * from stedi_staging.rejected_lines") == []

    change(yaml, "Its length.", "Its length.\n        data_type: bigint")
    assert course.build(Build(), refresh=False) == RIGHT
    lengths = "select size = length(raw_line) from stedi_staging.rejected_lines"
    assert copied.query(lengths) == [(True,)]


@pytest.mark.deep
def test_a_column_that_goes_is_an_error_that_says_what_to_do(
    course: Course, copied: Lakehouse
) -> None:
    """The table has a column of before, and the model has it no longer."""
    with duckdb.connect(copied.database) as connection:
        connection.execute(
            "alter table stedi_trusted.accelerometer_trusted add column total double"
        )
    before = copied.table("stedi_trusted.accelerometer_trusted")

    errors, _ = course.build(Build(), refresh=False)

    assert "accelerometer_trusted has a column total that the model's YAML lacks." in errors
    assert "build with --full-refresh to drop it" in errors
    assert copied.table("stedi_trusted.accelerometer_trusted") == before
    assert course.build(Build(full_refresh=True), refresh=True) == RIGHT


@pytest.mark.deep
def test_a_new_field_in_landing_changes_nothing(tmp_path: Path) -> None:
    """Every line has fields that nobody knows, from the second night on."""
    extra = next(n for n, form in enumerate(FORMS) if EXTRA in form({"user": "null"}))
    nights = COUNTEREXAMPLES["three nights"].steps
    later = [
        step._replace(deeds=tuple((life, in_form(deed, extra)) for life, deed in step.deeds))
        if isinstance(step, Deliver)
        else step
        for step in nights[2:]
    ]
    assert replay(History((*nights[:2], *later)), OnDuckDB(tmp_path)) is None


def in_form(deed: Deed, form: int) -> Deed:
    return deed._replace(form=form) if "form" in deed._fields else deed
