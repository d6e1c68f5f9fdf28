"""Deliveries that nobody here made; STEDI_REAL_DELIVERIES says where they are.

The public STEDI starter data (Udacity nd027, `project/starter`): 956 customers, 81,273 and 28,680
readings. The counts of any_time are the course's, by person; its own join on time alone gives
43,681 rows.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from support.duckdb_tables import differences
from support.lakehouse import Lakehouse

PLACE = os.environ.get("STEDI_REAL_DELIVERIES")
LINES = {"customer": 956, "accelerometer": 81_273, "step_trainer": 28_680}
ROWS = {
    "since_consent": (482, 32_025, 11_297, 464, 32_025),
    "any_time": (482, 40_981, 14_460, 482, 40_981),
}
TABLES = (
    "stedi_trusted.customer_trusted",
    "stedi_trusted.accelerometer_trusted",
    "stedi_trusted.step_trainer_trusted",
    "stedi_curated.customers_curated",
    "stedi_curated.machine_learning_curated",
)

pytestmark = pytest.mark.skipif(
    PLACE is None, reason="set STEDI_REAL_DELIVERIES to a folder with the STEDI starter data"
)


@pytest.fixture
def landed(lakehouse: Lakehouse) -> Lakehouse:
    """The deliveries, landed on one day."""
    for entity in LINES:
        for path in sorted((Path(PLACE) / entity).glob("*.json")):
            lakehouse.land(entity, path.name, path.read_bytes(), "2023-08-06")
    return lakehouse


@pytest.mark.parametrize(
    "scope", ["since_consent", pytest.param("any_time", marks=pytest.mark.deep)]
)
def test_every_table_is_as_expected_and_the_counts_are_the_known_ones(
    landed: Lakehouse, scope: str
) -> None:
    landed.build(scope)
    audited = "source, landed, accepted, duplicate, rejected"
    assert set(landed.table("stedi_audit.landing_reconciliation", audited)) == {
        (entity, lines, lines, 0, 0) for entity, lines in LINES.items()
    }
    assert tuple(landed.table(table).total() for table in TABLES) == ROWS[scope]
    assert differences(landed, scope) == []


@pytest.mark.deep
def test_the_course_pairs_readings_of_two_people(landed: Lakehouse) -> None:
    landed.build()
    landed.dbt("compile")
    compiled = landed.folder / "target/compiled/stedi_lakehouse/analyses"
    assert landed.query((compiled / "course_join_on_time.sql").read_text()) == [
        ("of one person", 40_981),
        ("of two people", 2_700),
    ]
