"""Single rows that a night makes wrong, each with the dbt test that must fail in that night.

A corruption is SQL that runs when a model has been built, so nothing but a test can notice it. The
people are those of two_days.py: in its night, NEW signs up, whose readings had come; `withdraws`
withdraws; and `shares` has new readings and changes nothing.
"""

from __future__ import annotations

from typing import NamedTuple

from support.lakehouse import customer_id
from support.mutations import Mutation
from support.two_days import email

NEW = "shares@example.org"
FIRST_DAY, NIGHT = "ingest_date = date '2024-03-01'", "ingest_date = date '2024-03-02'"


class Corruption(NamedTuple):
    """breaks: what is wrong then. model: the file of the model, below models/. sql: what is done to
    its table. caught_by: a test by name, or a generic one as its name and its model's."""

    breaks: str
    model: str
    sql: str
    caught_by: str


def of(name: str) -> str:
    """The condition that a row is somebody's."""
    return f"customer_id = '{customer_id(name if name == NEW else email(name))}'"


MOTION, DISTANCES = "trusted/accelerometer_trusted", "trusted/step_trainer_trusted"
TRAINING, CURATED = "curated/machine_learning_curated", "curated/customers_curated"
RECORDS, PEOPLE = "staging/stg_customer_records", "trusted/customer_trusted"
LANDED, REJECTED = "audit/landing_reconciliation", "staging/rejected_lines"

MOTION_TEST = "assert_motion_is_trusted_by_consent"
DISTANCE_TEST = "assert_distances_are_trusted_by_consent_of_their_one_person"
TRAINING_TEST = "assert_training_rows_are_one_persons"
LINES_TEST = "assert_lines_are_conserved"
READINGS_TEST = "assert_readings_are_conserved"
CURATED_TEST = "assert_curated_customers_have_both_readings"
RECORD_TEST = "assert_customer_records_are_what_landed"


def one(condition: str) -> str:
    """The condition of one row among those that another condition holds for."""
    return f"rowid = (select min(rowid) from {{{{ this }}}} where {condition})"


def delete(condition: str) -> str:
    return f"delete from {{{{ this }}}} where {one(condition)}"


def repeat(condition: str) -> str:
    return f"insert into {{{{ this }}}} select * from {{{{ this }}}} where {one(condition)}"


def change(values: str, condition: str) -> str:
    return f"update {{{{ this }}}} set {values} where {one(condition)}"


def give(name: str, condition: str, other: str = "") -> str:
    """Has somebody have a copy of another's row. other: changes of it besides."""
    return (
        f"insert into {{{{ this }}}} select * replace ('{customer_id(email(name))}' as customer_id"
        f"{other}) from {{{{ this }}}} where {one(condition)}"
    )


CORRUPTIONS = [
    Corruption("an old reading of who is new is missing", MOTION,
               delete(f"{of(NEW)} and {FIRST_DAY}"), MOTION_TEST),
    Corruption("a new reading is missing", MOTION, delete(f"{of('shares')} and {NIGHT}"),
               MOTION_TEST),
    Corruption("an old reading of who withdraws is there", MOTION,
               give("withdraws", f"{of('shares')} and {FIRST_DAY}"), MOTION_TEST),
    Corruption("a reading of who withdraws is new", MOTION,
               give("withdraws", f"{of('shares')} and {NIGHT}"), MOTION_TEST),
    Corruption("an old reading of who is new is there twice", MOTION,
               repeat(f"{of(NEW)} and {FIRST_DAY}"), MOTION_TEST),
    Corruption("a new reading is another", MOTION, change("x = x + 1", NIGHT), MOTION_TEST),
    Corruption("an old distance of who is new is missing", DISTANCES,
               delete(f"{of(NEW)} and {FIRST_DAY}"), DISTANCE_TEST),
    Corruption("a new distance is missing", DISTANCES, delete(f"{of('shares')} and {NIGHT}"),
               DISTANCE_TEST),
    Corruption("an old distance of who withdraws is there", DISTANCES,
               give("withdraws", f"{of('shares')} and {FIRST_DAY}"), DISTANCE_TEST),
    Corruption("a new distance is another's", DISTANCES,
               give("friends", f"{of('shares')} and {NIGHT}"), DISTANCE_TEST),
    Corruption("an old distance is of who has exchanged devices", DISTANCES,
               give("swaps", f"{of('shares')} and {FIRST_DAY}"), DISTANCE_TEST),
    Corruption("a training row of who is new is missing", TRAINING,
               delete(f"{of(NEW)} and read_at < timestamp '2024-01-24'"), TRAINING_TEST),
    Corruption("a training row on a day of new readings has another distance", TRAINING,
               change("distance = distance + 1",
                      f"{of('shares')} and read_at = '2024-02-10 06:00'"), TRAINING_TEST),
    Corruption("who withdraws has a training row", TRAINING,
               give("withdraws", of("shares")), TRAINING_TEST),
    Corruption("who refuses is trusted", PEOPLE, give("refuses", of("shares")),
               "assert_customers_are_trusted_by_consent"),
    Corruption("a withdrawal is lost", RECORDS,
               delete("email = 'withdraws@example.com' and research_consent_at is null"),
               RECORD_TEST),
    Corruption("a record has another time", RECORDS,
               change("effective_at = effective_at - interval '1' day",
                      "email = 'consents@example.com'"), RECORD_TEST),
    Corruption("who is new is not curated", CURATED, delete(of(NEW)), CURATED_TEST),
    Corruption("who withdraws is curated", CURATED, give("withdraws", of("shares")), CURATED_TEST),
    Corruption("a curated person has an email for an id", CURATED,
               change("customer_id = 'shares@example.com'", of("shares")),
               "assert_only_pseudonyms_beyond_customer_trusted"),
    Corruption("a new line counts twice", LANDED,
               change("landed = landed + 1", f"source = 'customer' and {NIGHT}"), LINES_TEST),
    Corruption("a new rejected line is lost", REJECTED, delete(NIGHT), LINES_TEST),
    Corruption("there are fewer new duplicates than none", LANDED,
               change("landed = landed - duplicate - 1, duplicate = -1",
                      f"source = 'customer' and {NIGHT}"), LINES_TEST),
    Corruption("a new reading is accepted twice", LANDED,
               change("landed = landed + 1, accepted = accepted + 1",
                      f"source = 'accelerometer' and {NIGHT}"), READINGS_TEST),
    Corruption("a new reading is decided twice", "staging/decisions_by_day",
               change("readings = readings + 1", f"reason != 'released' and {NIGHT}"),
               READINGS_TEST),
    Corruption("a new reading is there twice", "staging/stg_accelerometer", repeat(NIGHT),
               LINES_TEST),
    Corruption("a person is there twice", "staging/stg_customers", repeat(of(NEW)),
               "one_row_per stg_customers"),
    Corruption("a new line has no text", REJECTED, change("raw_line = null", NIGHT),
               "never_null rejected_lines"),
]  # fmt: skip

# What no night looks for, because it would have to read the history or the new lines once more: a
# full refresh and `dbt test` look.
NOT_IN_A_NIGHT = [
    Corruption("a customer line that never landed is accepted", LANDED,
               change("landed = landed + 1, accepted = accepted + 1",
                      f"source = 'customer' and {FIRST_DAY}"), LINES_TEST),
    Corruption("the ledger forgets a release", "audit/releases",
               delete(f"{of('shares')} and reason = 'released'"),
               "assert_releases_are_what_is_trusted"),
    Corruption("an old reading of who changed nothing is missing", MOTION,
               delete(f"{of('shares')} and {FIRST_DAY}"), MOTION_TEST),
    Corruption("a trusted reading is an email's", MOTION,
               change("customer_id = 'shares@example.com'", f"{of('shares')} and {FIRST_DAY}"),
               "assert_only_pseudonyms_beyond_customer_trusted"),
    Corruption("a trusted reading is there twice", MOTION,
               repeat(f"{of('shares')} and {FIRST_DAY}"), "one_row_per accelerometer_trusted"),
    Corruption("a new reading has no time", "staging/stg_step_trainer",
               change("read_at = null", NIGHT), "one_row_per stg_step_trainer"),
    Corruption("a month's count is there twice", "staging/decisions_by_month",
               repeat("ingest_month = date '2024-03-01'"), "one_row_per decisions_by_month"),
]  # fmt: skip

LOOKED_AT = "macros/upkeep/looked_at.sql"
NIGHTLY = "select * from {{ relation }} where "

# Tests that look away or do not tell, each with a corruption that is then not caught: without the
# mutation it is, so the mutation would be noticed.
BLIND = [
    Mutation("a night looks at nobody who has changed", LOOKED_AT,
             "{%- if changed is not none %}\n        union all",
             "{%- if false %}\n        union all",
             "an old reading of who is new is missing"),
    Mutation("a night does not look at what is new", LOOKED_AT,
             f"{NIGHTLY}{{{{ delivered }}}}", f"{NIGHTLY}false", "a new reading is missing"),
    Mutation("a night does not look at days of new readings", LOOKED_AT,
             "context['slice_' ~ slice]() or 'false'", "'false'",
             "a training row on a day of new readings has another distance"),
    Mutation("generic tests do not look at what is new", LOOKED_AT,
             "{%- do wheres.append(is_new()) -%}", "{%- do wheres.append('false') -%}",
             "a new line has no text"),
    Mutation("nulls are not told", "tests/generic/never_null.sql",
             "having count(*) > 0", "having false", "a new line has no text"),
    Mutation("nulls in keys are not told", "tests/generic/one_row_per.sql",
             "or rows_without_{{ column }} > 0", "or false", "a new reading has no time"),
    Mutation("copies are not told", "tests/generic/one_row_per.sql",
             "rows_too_many > 0", "rows_too_many < 0", "a person is there twice"),
    Mutation("one copy may be", "tests/generic/one_row_per.sql",
             "sum(copies - 1)", "sum(copies - 2)", "a person is there twice"),
    Mutation("rows that are missing are not told", "macros/testing/differences.sql",
             "having sum(is_found) != sum(is_expected)",
             "having sum(is_found) > sum(is_expected)", "a new distance is missing"),
    Mutation("rows that are too many are not told", "macros/testing/differences.sql",
             "having sum(is_found) != sum(is_expected)",
             "having sum(is_found) < sum(is_expected)", "who withdraws has a training row"),
    Mutation("lines are not added up", f"tests/{LINES_TEST}.sql",
             "audited.landed != audited.accepted + audited.duplicate + audited.rejected", "false",
             "a new line counts twice"),
    Mutation("rejected lines are not counted", f"tests/{LINES_TEST}.sql",
             "or audited.rejected != coalesce(rejected.rejected, 0)", "",
             "a new rejected line is lost"),
    Mutation("duplicates may be fewer than none", f"tests/{LINES_TEST}.sql",
             "or audited.duplicate < 0", "", "there are fewer new duplicates than none"),
    Mutation("lines are not compared with what landed", f"tests/{LINES_TEST}.sql",
             "and landed.landed is distinct from audited.landed", "and false",
             "a customer line that never landed is accepted"),
    Mutation("what is decided is not compared with what is accepted", f"tests/{READINGS_TEST}.sql",
             "coalesce(accepted.readings, 0) != coalesce(decided.readings, 0)\n    or ", "",
             "a new reading is accepted twice"),
]  # fmt: skip
