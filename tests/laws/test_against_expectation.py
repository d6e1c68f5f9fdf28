"""Every table equals what the generator works out in Python, over many seeds and both scopes."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from stedi.synthetic.expectation import SCOPES, Customer, Expectation
from stedi.synthetic.generator import generate
from stedi.synthetic.personas import PERSONAS, Settings
from support.lakehouse import Lakehouse, Table, customer_id
from support.strategies import ANY_SETTINGS

EVERY_PERSONA = Settings(people=len(PERSONAS) + 10, days=4, readings_per_person=12, bad_share=0.3)


def _columns(*names: str, times: tuple[str, ...] = ()) -> str:
    return ", ".join(f"epoch_ms({name})" if name in times else name for name in names)


PERSON = _columns(
    "email", "customer_name", "phone", "birth_day", "serial_number", "registered_at", "updated_at",
    "research_consent_at", "public_consent_at", "friends_consent_at",
    times=("registered_at", "updated_at", "research_consent_at", "public_consent_at",
           "friends_consent_at"),
)  # fmt: skip
READ_AT = "customer_id, epoch_ms(read_at)"


def _identified(rows: list[tuple]) -> Table:
    """Expected rows, with the email that each begins with as the pseudonym."""
    return Counter((customer_id(email), *rest) for email, *rest in rows)


def _people(rows: list[tuple]) -> Table:
    return Counter((customer_id(row[0]), *row) for row in rows)


def check_rows(lakehouse: Lakehouse, rows: dict[str, list[tuple]]) -> None:
    """The trusted and curated tables hold the expected rows, each as often."""
    found = lakehouse.table("stedi_trusted.customer_trusted", f"customer_id, {PERSON}")
    assert found == _people(rows.get("customer_trusted", []))
    for table, columns in {
        "stedi_trusted.accelerometer_trusted": f"{READ_AT}, x, y, z",
        "stedi_trusted.step_trainer_trusted": f"{READ_AT}, distance",
        "stedi_curated.customers_curated": "customer_id",
        "stedi_curated.machine_learning_curated": f"{READ_AT}, x, y, z, distance",
    }.items():
        name = table.split(".")[1]
        assert lakehouse.table(table, columns) == _identified(rows.get(name, [])), name


def check_readings_of_customers(lakehouse: Lakehouse, rows: dict[str, list[tuple]]) -> None:
    """What customers_curated says of each person is the person's record and released readings."""
    motions = Counter(email for email, *_ in rows.get("accelerometer_trusted", []))
    distances = Counter(email for email, *_ in rows.get("step_trainer_trusted", []))
    people = {row[0]: Customer(*row) for row in rows.get("customer_trusted", [])}
    expected = Counter(
        (customer_id(email), people[email].registration, people[email].research,
         motions[email], distances[email])
        for (email,) in rows.get("customers_curated", [])
    )  # fmt: skip
    columns = (
        "customer_id, epoch_ms(registered_at), epoch_ms(research_consent_at), "
        "motion_readings, distance_readings"
    )
    assert lakehouse.table("stedi_curated.customers_curated", columns) == expected


def check_staging(lakehouse: Lakehouse, expected: Expectation) -> None:
    """Staging and audit count what was expected, and people are who they should be."""
    people = lakehouse.table("stedi_staging.stg_customers", f"customer_id, {PERSON}")
    assert people == _people(expected.rows["staging"].get("stg_customers", []))
    for table, rows in expected.staging.items():
        assert lakehouse.table(f"stedi_staging.{table}").total() == rows, table
    rejected = lakehouse.table("stedi_staging.rejected_lines", "source, reason")
    assert rejected == Counter(
        {(source, reason): lines for source, reasons in expected.rejected.items()
         for reason, lines in reasons.items()}
    )  # fmt: skip


def check_audit(lakehouse: Lakehouse, expected: Expectation, scope: str) -> None:
    """The audit tables say by day and by reason what was expected."""
    columns = "source, cast(ingest_date as varchar), landed, accepted, duplicate, rejected"
    audited = lakehouse.table("stedi_audit.landing_reconciliation", columns)
    assert audited == Counter(
        (source, date, *(counts[c] for c in ("landed", "accepted", "duplicate", "rejected")))
        for source, dates in expected.landing.items()
        for date, counts in dates.items()
    )
    funnel: dict[str, dict[str, Any]] = getattr(expected, scope)["funnel"]
    assert lakehouse.table("stedi_audit.consent_funnel") == Counter(
        (source, reason, readings)
        for source, reasons in funnel.items()
        for reason, readings in reasons.items()
    )


def check(plan: Settings, scope: str, lakehouse: Lakehouse, tests: bool = False) -> None:
    """Every table holds what the generator expects of a plan; with dbt's tests, which pass."""
    expected = generate(plan, lakehouse.landing, rows=True)
    lakehouse.build(scope, tests=tests)
    check_staging(lakehouse, expected)
    check_rows(lakehouse, expected.rows[scope])
    check_readings_of_customers(lakehouse, expected.rows[scope])
    check_audit(lakehouse, expected, scope)


@pytest.mark.parametrize("scope", SCOPES)
def test_every_table_is_as_expected(scope: str, lakehouse: Lakehouse) -> None:
    check(EVERY_PERSONA, scope, lakehouse, tests=True)


@pytest.mark.deep
@pytest.mark.parametrize("scope", SCOPES)
def test_every_table_is_as_expected_over_many_seeds(
    scope: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    @settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
    @given(ANY_SETTINGS)
    def of_some(plan: Settings) -> None:
        check(plan, scope, Lakehouse(tmp_path_factory.mktemp("lakehouse")))

    of_some()
