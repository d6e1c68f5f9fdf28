"""Ways in which a direct identifier could get beyond customer_trusted, each at its column."""

from __future__ import annotations

from typing import NamedTuple


class Leak(NamedTuple):
    """What somebody does to a file; the column where it shows, and the origin that is named.

    The text stands in the file exactly once.
    """

    does: str
    file: str
    text: str
    replacement: str
    column: str
    origin: str


PEOPLE = "models/curated/customers_curated.sql"
TRAINING = "models/curated/machine_learning_curated.sql"
MOTION = "models/staging/accelerometer_decisions.sql"
DISTANCES = "models/staging/step_trainer_decisions.sql"
PSEUDONYM = "macros/engines/pseudonym.sql"
LINES = "models/staging/lines/accelerometer_lines.sql"
AUDIT = "models/audit/landing_reconciliation.sql"

OF_CUSTOMER = "of landing.customer.line"
EMAIL = f"field email {OF_CUSTOMER}"
KEYED = "    hmac_sha256({{ email }}, {{ key }})"
ID = "        customers.customer_id,"


# What is added beside the pseudonym in the table of people, and the origin that is named.
ADDED = {
    "an email": ("customers.email", EMAIL),
    "its hash without the key": ("sha256(customers.email)", EMAIL),
    "its hash with a salt": ("md5(lower(customers.email) || 'salt')", EMAIL),
    "a part of it": ("split_part(customers.email, '@', 1)", EMAIL),
    "a name in one branch of a case": (
        "case when customers.registered_at is null then customers.customer_name else '' end",
        f"field customerName {OF_CUSTOMER}",
    ),
    "a case that spells out what it asks": (
        "case when customers.birth_day < '1990' then 'old' else 'young' end",
        f"field birthDay {OF_CUSTOMER}",
    ),
    "a query within an expression": (
        "(select max(phone) from customers)", f"field phone {OF_CUSTOMER}",
    ),
    "a serial number": ("customers.serial_number", f"field serialNumber {OF_CUSTOMER}"),
    "a whole row as text": ("cast(customers as varchar)", EMAIL),
}  # fmt: skip

LEAKS = [
    Leak(
        "select * of customers",
        PEOPLE, "select * from final", "select * from customers",
        "customers_curated.email", EMAIL,
    ),
    Leak(
        "another name in one CTE after the other",
        TRAINING, "select * from final",
        ", a as (select customer_id, email as b from {{ ref('stg_customers') }}), "
        "c as (select customer_id, b as d from a) "
        "select final.*, c.d as note from final inner join c on final.customer_id = c.customer_id",
        "machine_learning_curated.note", EMAIL,
    ),
    Leak(
        "the second half of a union",
        TRAINING, "select * from final",
        "select * from final union all select email, read_at, x, y, z, x "
        "from {{ ref('stg_accelerometer') }}",
        "machine_learning_curated.customer_id", "field user of landing.accelerometer.line",
    ),
    Leak(
        "a serial number for the pseudonym",
        DISTANCES, "        customers.customer_id,",
        "        readings.serial_number as customer_id,",
        "step_trainer_trusted.customer_id", "field serialNumber of landing.step_trainer.line",
    ),
    Leak(
        "an email where there is no pseudonym",
        MOTION, ID, "        coalesce(customers.customer_id, readings.email) as customer_id,",
        "accelerometer_trusted.customer_id", "field user of landing.accelerometer.line",
    ),
    Leak(
        "another field read into a column",
        LINES, "'x_json': 'x',", "'x_json': 'user',",
        "accelerometer_trusted.x", "field user of landing.accelerometer.line",
    ),
    Leak(
        "a rejected line as an example, in audit",
        AUDIT, "select * from final",
        "select *, (select min(raw_line) from {{ ref('customer_lines') }}) as example from final",
        "landing_reconciliation.example", "landing.customer.line",
    ),
    Leak(
        "a pseudonym under a key that everybody reads",
        PSEUDONYM, KEYED, "    hmac_sha256({{ email }}, 'a key in SQL, of 32 characters or more')",
        "customers_curated.customer_id", EMAIL,
    ),
    Leak(
        "the key beside what it made",
        PSEUDONYM, KEYED, f"{KEYED} || {{{{ key }}}}",
        "step_trainer_trusted.customer_id", "restricted.pseudonym_key.pseudonym_key",
    ),
]  # fmt: skip
