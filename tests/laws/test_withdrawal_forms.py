"""Law 1, fail closed: however a withdrawal is written, the next build takes the person out."""

from __future__ import annotations

from pathlib import Path

from stedi.synthetic.personas import START
from support.duckdb_tables import differences
from support.lakehouse import Lakehouse, customer_id
from support.on_duckdb import OnDuckDB
from support.withdrawal_forms import FORMS, check


def test_however_a_withdrawal_is_written_it_counts(tmp_path: Path) -> None:
    lakehouse = Lakehouse(tmp_path / "built")
    check(OnDuckDB(tmp_path, lakehouse))
    assert differences(lakehouse) == []
    assert len(FORMS) > 120


PANDAS = (
    '{{"customerName":"Person {who}","email":"p{who}@example.com","phone":8015551212,'
    '"birthDay":"1950-01-01","serialNumber":"device-{who}","registrationDate":{at},'
    '"lastUpdateDate":{at},"shareWithResearchAsOfDate":{consent},'
    '"shareWithPublicAsOfDate":null,"shareWithFriendsAsOfDate":{consent}}}\n'
)


def test_a_file_as_pandas_writes_it_is_read(lakehouse: Lakehouse) -> None:
    """A column that lacks values has the others as doubles, and a phone is a number: so was the
    course's file of 2023."""
    consents = {"1": f"{START}.0", "2": "null", "3": f"{START + 1}.0"}
    for source, line in (
        ("customer", PANDAS),
        ("accelerometer",
         '{{"user":"p{who}@example.com","timestamp":{at},"x":0.0,"y":1.0,"z":2}}\n'),
        ("step_trainer",
         '{{"sensorReadingTime":{at},"serialNumber":"device-{who}","distanceFromObject":200}}\n'),
    ):  # fmt: skip
        text = "".join(line.format(who=who, at=START, consent=c) for who, c in consents.items())
        lakehouse.land(source, "a.json", text.encode())

    lakehouse.build()

    trusted = "select email, phone, epoch_ms(research_consent_at) from stedi_trusted."
    assert lakehouse.query(f"{trusted}customer_trusted order by 1") == [
        ("p1@example.com", "8015551212", START), ("p3@example.com", "8015551212", START + 1),
    ]  # fmt: skip
    curated = "select customer_id, epoch_ms(read_at), distance from stedi_curated."
    assert lakehouse.query(f"{curated}machine_learning_curated") == [
        (customer_id("p1@example.com"), START, 200.0)
    ]
    assert differences(lakehouse) == []
