"""Law 5, as far as a build owes it: who withdraws is out of trusted and curated at the next."""

from __future__ import annotations

from stedi.synthetic.personas import DAY, START, email_of
from support.lakehouse import Lakehouse, customer_id
from support.withdrawal import ANN, BEN, TRUSTED_AND_CURATED, deliver, rows_of


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


def test_consent_given_again_counts_from_its_own_record_on(measured: Lakehouse) -> None:
    """Although that repeats the first date. It is of the very moment of the second reading."""
    deliver(measured, 2, ANN._replace(last_update=START + DAY // 2))
    deliver(measured, 3, ANN._replace(last_update=START + DAY, research=START))
    assert rows_of(measured, ANN) == dict.fromkeys(TRUSTED_AND_CURATED, 1)


def test_no_email_is_beyond_customer_trusted(measured: Lakehouse) -> None:
    beyond = TRUSTED_AND_CURATED[1:]
    text = str([measured.table(table) for table in beyond])
    for direct in (email_of(1), ANN.serial_number, ANN.customer_name, ANN.phone, ANN.birth_day):
        assert direct not in text
    assert customer_id(ANN.email) in text
