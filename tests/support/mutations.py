"""Ways to break what the privacy tests guard, each with the test that must notice.

A mutation replaces one text of one file by another; the text must stand there exactly once.
"""

from __future__ import annotations

from typing import NamedTuple


class Mutation(NamedTuple):
    """breaks: what is wrong then. caught_by: the dbt test that must fail."""

    breaks: str
    file: str
    text: str
    replacement: str
    caught_by: str


CUSTOMERS = "models/staging/stg_customers.sql"
DEVICES = "models/staging/stg_devices.sql"
MOTION = "models/staging/accelerometer_decisions.sql"
DISTANCES = "models/staging/step_trainer_decisions.sql"
TRAINING = "models/curated/machine_learning_curated.sql"
CONSENT = "macros/consent_problem.sql"

MOTION_TEST = "assert_motion_is_trusted_by_consent"
DISTANCE_TEST = "assert_distances_are_trusted_by_consent_of_their_one_person"
TRAINING_TEST = "assert_training_rows_are_one_persons"
CUSTOMER_TEST = "assert_customers_are_trusted_by_consent"

MUTATIONS = [
    Mutation(
        "who refuses is released",
        CONSENT, "when {{ consent_at }} is null then", "when false then", MOTION_TEST,
    ),
    Mutation(
        "a reading at the moment of consent is withheld",
        CONSENT, "{{ read_at }} < {{ consent_at }}", "{{ read_at }} <= {{ consent_at }}",
        MOTION_TEST,
    ),
    Mutation(
        "readings from before consent are released",
        CONSENT, "{{ read_at }} < {{ consent_at }}", "false", DISTANCE_TEST,
    ),
    Mutation(
        "the narrower scope is taken for the wider one",
        CONSENT, "== 'since_consent'", "== 'any_time'", MOTION_TEST,
    ),
    Mutation(
        "consent to share with the public is taken for consent to research",
        CUSTOMERS, "    ranked.research_consent_at,",
        "    ranked.public_consent_at as research_consent_at,", CUSTOMER_TEST,
    ),
    Mutation(
        "consent of a line is read from another field",
        "models/staging/lines/customer_lines.sql",
        "json_instant('research_json') }}", "json_instant('public_json') }}",
        "consents_are_not_taken_for_each_other",
    ),
    Mutation(
        "the first record counts, not the latest",
        CUSTOMERS, "updated_at desc", "updated_at asc", CUSTOMER_TEST,
    ),
    Mutation(
        "the record delivered last counts, not the one updated last",
        CUSTOMERS, "updated_at desc", "ingest_date desc", CUSTOMER_TEST,
    ),
    Mutation(
        "of two records of one moment the consent counts",
        CUSTOMERS, "research_consent_at desc nulls first", "research_consent_at desc nulls last",
        CUSTOMER_TEST,
    ),
    Mutation(
        "everybody is trusted",
        "models/trusted/customer_trusted.sql",
        "where research_consent_at is not null and", "where", CUSTOMER_TEST,
    ),
    Mutation(
        "who was erased is trusted again",
        "models/trusted/customer_trusted.sql", " and not is_erased", "", CUSTOMER_TEST,
    ),
    Mutation(
        "who was erased is not known again",
        CUSTOMERS, "erasures.erasure is not null as is_erased", "false as is_erased",
        CUSTOMER_TEST,
    ),
    Mutation(
        "erasures are looked for under the pseudonym key",
        CUSTOMERS, "pseudonym('ranked.email', 'erasure_key.erasure_key')",
        "pseudonym('ranked.email', 'pseudonym_key.pseudonym_key')", "who_was_erased_is_known_again",
    ),
    Mutation(
        "motion of who was erased is released",
        MOTION, "when customers.is_erased then 'erased'", "", MOTION_TEST,
    ),
    Mutation(
        "distances of who was erased are released",
        DISTANCES, "when devices.is_erased then 'erased'", "", DISTANCE_TEST,
    ),
    Mutation(
        "a device of who was erased is not known as theirs",
        DEVICES,
        "count(*) = 1 and count(case when is_erased then customer_id end) = 1 as is_erased",
        "false as is_erased", DISTANCE_TEST,
    ),
    Mutation(
        "withheld motion is trusted",
        "models/trusted/accelerometer_trusted.sql",
        "where withholding_reason is null", "where customer_id is not null", MOTION_TEST,
    ),
    Mutation(
        "withheld distances are trusted",
        "models/trusted/step_trainer_trusted.sql",
        "where withholding_reason is null", "where customer_id is not null", DISTANCE_TEST,
    ),
    Mutation(
        "a device that two people claim is one's",
        DEVICES, "case when count(*) = 1 then min(customer_id) end", "min(customer_id)",
        "a_device_that_two_people_name_is_nobodys",
    ),
    Mutation(
        "readings of a device that two people claim are released",
        DISTANCES, "when devices.claimants > 1 then 'ambiguous_device'", "",
        "a_distance_is_released_to_the_one_person_of_its_device",
    ),
    Mutation(
        "a device that two people claim is each one's",
        DISTANCES,
        "left join devices on readings.serial_number = devices.serial_number",
        "left join (select serial_number, customer_id, research_consent_at, is_erased, "
        "1 as claimants from {{ ref('stg_customers') }}) "
        "as devices on readings.serial_number = devices.serial_number",
        "assert_ambiguous_devices_are_withheld",
    ),
    Mutation(
        "motion and distance join on time alone",
        TRAINING, "motion.customer_id = distances.customer_id\n            and ", "",
        TRAINING_TEST,
    ),
    Mutation(
        "motion and distance join on the person alone",
        TRAINING, "\n            and motion.read_at = distances.read_at", "", TRAINING_TEST,
    ),
    Mutation(
        "who has one kind of readings is curated",
        "models/curated/customers_curated.sql",
        "inner join released as distances", "left join released as distances",
        "assert_curated_customers_have_both_readings",
    ),
    Mutation(
        "readings of unknown people vanish",
        MOTION, "left join customers", "inner join customers", "assert_readings_are_conserved",
    ),
    Mutation(
        "rejected lines vanish",
        "models/staging/rejected_lines.sql",
        "where rejection_reason is not null", "where rejection_reason != 'not_json'",
        "assert_lines_are_conserved",
    ),
    Mutation(
        "a person is an email beyond customer_trusted",
        MOTION, "        customers.customer_id,", "        readings.email as customer_id,",
        "assert_only_pseudonyms_beyond_customer_trusted",
    ),
    Mutation(
        "the ledger leaves out what devices measured",
        "models/audit/releases.sql",
        "where decided.source = 'step_trainer'", "where decided.source = 'no such'",
        "assert_releases_are_what_is_trusted",
    ),
    Mutation(
        "of two records of one moment the history takes the consent",
        "models/audit/consent_history.sql",
        "research_consent_at desc nulls first", "research_consent_at desc nulls last",
        "assert_consent_history_ends_with_what_counts",
    ),
    Mutation(
        "a person is a hash that anybody can make",
        "macros/engines/pseudonym.sql",
        "    hmac_sha256({{ email }}, {{ key }})", "    sha256({{ email }})",
        "customer_id_is_the_hmac_of_the_email_under_the_key",
    ),
]  # fmt: skip
