"""Law 5, as far as a build owes it: who withdraws is out of trusted and curated at the next."""

from __future__ import annotations

import pytest

from stedi.synthetic.expectation import Customer
from stedi.synthetic.lines import customer_line, distance_line, motion_line
from stedi.synthetic.personas import DAY, START, email_of, newcomer
from support.lakehouse import Lakehouse, customer_id

ANN, BEN = newcomer(1).latest, newcomer(2).latest
TRUSTED_AND_CURATED = (
    "stedi_trusted.customer_trusted",
    "stedi_trusted.accelerometer_trusted",
    "stedi_trusted.step_trainer_trusted",
    "stedi_curated.customers_curated",
    "stedi_curated.machine_learning_curated",
)


def deliver(lakehouse: Lakehouse, day: int, *records: Customer) -> None:
    """Lands records of people, and builds."""
    lines = "".join(customer_line(record) for record in records)
    lakehouse.land("customer", f"customer-{day}.json", lines.encode(), f"2024-01-{day:02d}")
    lakehouse.build(tests=False)


def rows_of(lakehouse: Lakehouse, person: Customer) -> dict[str, int]:
    """How many rows each table has of the person."""
    who = customer_id(person.email)
    return {
        table: lakehouse.query(f"select count(*) from {table} where customer_id = '{who}'")[0][0]
        for table in TRUSTED_AND_CURATED
    }


@pytest.fixture
def measured(lakehouse: Lakehouse) -> Lakehouse:
    """Two people consent and have two readings each, a day apart."""
    motions = [(p.email, START + d * DAY, 1.0, 0.0, 0.0) for p in (ANN, BEN) for d in (0, 1)]
    distances = [(p.serial_number, START + d * DAY, 200) for p in (ANN, BEN) for d in (0, 1)]
    lakehouse.land("accelerometer", "a.json", "".join(map(motion_line, motions)).encode())
    lakehouse.land("step_trainer", "s.json", "".join(map(distance_line, distances)).encode())
    deliver(lakehouse, 1, ANN._replace(research=START), BEN._replace(research=START))
    return lakehouse


def test_who_withdraws_is_gone_and_who_does_not_stays(measured: Lakehouse) -> None:
    everything = dict.fromkeys(TRUSTED_AND_CURATED, 2) | {
        "stedi_trusted.customer_trusted": 1,
        "stedi_curated.customers_curated": 1,
    }
    assert rows_of(measured, ANN) == rows_of(measured, BEN) == everything

    deliver(measured, 2, ANN._replace(last_update=START + DAY))

    assert rows_of(measured, ANN) == dict.fromkeys(TRUSTED_AND_CURATED, 0)
    assert rows_of(measured, BEN) == everything
    assert measured.dbt("test").success


def test_consent_given_again_counts_from_its_new_date(measured: Lakehouse) -> None:
    deliver(measured, 2, ANN._replace(last_update=START + DAY))
    deliver(measured, 3, ANN._replace(last_update=START + 2 * DAY, research=START + DAY))
    assert rows_of(measured, ANN) == dict.fromkeys(TRUSTED_AND_CURATED, 1)


def test_no_email_is_beyond_customer_trusted(measured: Lakehouse) -> None:
    beyond = TRUSTED_AND_CURATED[1:]
    text = str([measured.table(table) for table in beyond])
    for direct in (email_of(1), ANN.serial_number, ANN.customer_name, ANN.phone, ANN.birth_day):
        assert direct not in text
    assert customer_id(ANN.email) in text
