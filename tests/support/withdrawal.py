"""Ann and Ben, who consent, and what the tables have of each when one of them withdraws."""

from __future__ import annotations

from stedi.synthetic.lines import customer_line, distance_line, motion_line
from stedi.synthetic.personas import DAY, START, newcomer
from stedi.synthetic.records import Customer
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


def measure(lakehouse: Lakehouse) -> None:
    """Two people consent and have two readings each, a day apart; builds."""
    motions = [(p.email, START + d * DAY, 1.0, 0.0, 0.0) for p in (ANN, BEN) for d in (0, 1)]
    distances = [(p.serial_number, START + d * DAY, 200) for p in (ANN, BEN) for d in (0, 1)]
    for source, lines in {
        "accelerometer": map(motion_line, motions), "step_trainer": map(distance_line, distances),
    }.items():  # fmt: skip
        lakehouse.land(source, "a.json", "".join(lines).encode(), "2024-01-02")
    deliver(lakehouse, 1, ANN._replace(research=START), BEN._replace(research=START))


def rows_of(lakehouse: Lakehouse, person: Customer) -> dict[str, int]:
    """How many rows each table has of the person."""
    who = customer_id(person.email)
    return {
        table: lakehouse.query(f"select count(*) from {table} where customer_id = '{who}'")[0][0]
        for table in TRUSTED_AND_CURATED
    }
