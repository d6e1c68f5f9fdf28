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


RECORDS = "models/staging/stg_customer_records.sql"
UNREADABLE = "models/staging/unreadable_records.sql"
CUSTOMERS = "models/staging/stg_customers.sql"
REFUSALS = "models/staging/refusals.sql"
OWNERS = "models/staging/device_owners.sql"
MOTION = "models/staging/accelerometer_decisions.sql"
DISTANCES = "models/staging/step_trainer_decisions.sql"
TRAINING = "models/curated/machine_learning_curated.sql"
REASON = "macros/consent/withholding_reason.sql"
PLAUSIBLE = "macros/fields/plausible.sql"

RECORD_TEST = "assert_customer_records_are_what_landed"
MOTION_TEST = "assert_motion_is_trusted_by_consent"
DISTANCE_TEST = "assert_distances_are_trusted_by_consent_of_their_one_person"
TRAINING_TEST = "assert_training_rows_are_one_persons"
CUSTOMER_TEST = "assert_customers_are_trusted_by_consent"
HISTORY_TEST = "assert_consent_history_ends_with_what_counts"
LINES_TEST = "assert_lines_are_conserved"

MUTATIONS = [
    Mutation(
        "who refuses is released",
        REASON, "when customers.covered_from is null then",
        "when false then", MOTION_TEST,
    ),
    Mutation(
        "a reading at the moment of consent is withheld",
        REASON, "readings.read_at < customers.covered_from",
        "readings.read_at <= customers.covered_from", MOTION_TEST,
    ),
    Mutation(
        "readings from before consent are released",
        REASON, "readings.read_at < customers.covered_from",
        "false", DISTANCE_TEST,
    ),
    Mutation(
        "the narrower scope is taken for the wider one",
        REASON, "== 'since_consent'",
        "== 'any_time'", MOTION_TEST,
    ),
    Mutation(
        "who was erased is released",
        REASON, "when customers.is_erased then 'erased'",
        "", MOTION_TEST,
    ),
    Mutation(
        "a consent that is suspended counts",
        REASON, "when customers.is_unclear then 'consent_unclear'",
        "", "motion_is_released_from_the_moment_that_consent_covers_on",
    ),
    Mutation(
        "consent to share with the public is taken for consent to research",
        CUSTOMERS, "when research_consent_at is not null and not is_now_unclear",
        "when public_consent_at is not null and not is_now_unclear", CUSTOMER_TEST,
    ),
    Mutation(
        "consent after a refusal covers what was measured before it",
        CUSTOMERS,
        "then greatest(research_consent_at, coalesce(refused_until, research_consent_at))",
        "then research_consent_at", CUSTOMER_TEST,
    ),
    Mutation(
        "consent is covered from the first refusal on, not the last",
        CUSTOMERS, "max(case when {{ is_refusal() }} and",
        "min(case when {{ is_refusal() }} and", CUSTOMER_TEST,
    ),
    Mutation(
        "a suspended consent counts now",
        CUSTOMERS, " and not is_now_unclear",
        "", CUSTOMER_TEST,
    ),
    Mutation(
        "consent of a line is read from another field",
        "models/staging/lines/customer_lines.sql", "json_time('research_json')",
        "json_time('public_json')", "consents_are_not_taken_for_each_other",
    ),
    Mutation(
        "records without consent are lost",
        RECORDS, "    where rejection_reason is null\n",
        "    where rejection_reason is null and research_consent_at is not null\n", RECORD_TEST,
    ),
    Mutation(
        "lines that cannot be read are ignored",
        RECORDS, "from {{ ref('unreadable_records') }}",
        "from {{ ref('unreadable_records') }} where false", RECORD_TEST,
    ),
    Mutation(
        "only the first person in a line that is not JSON is suspended",
        UNREADABLE, 'regexp_extract_all(rejected.raw_line, \'"email"[ \\t\\r\\n]*:[ '
        '\\t\\r\\n]*"([^"\\\\]+)"\', 1)',
        'array[regexp_extract(rejected.raw_line, \'"email"[ \\t\\r\\n]*:[ '
        '\\t\\r\\n]*"([^"\\\\]+)"\', 1)]', RECORD_TEST,
    ),
    Mutation(
        "a clock that runs ahead outranks what comes later",
        RECORDS, "least(updated_at, {{ end_of_day('min(ingest_date) over (partition by email, "
        "updated_at)') }})",
        "updated_at", RECORD_TEST,
    ),
    Mutation(
        "a record counts from each of its landings",
        RECORDS, "end_of_day('min(ingest_date) over (partition by email, updated_at)')",
        "end_of_day('ingest_date')", RECORD_TEST,
    ),
    Mutation(
        "of two records of one moment the consent counts",
        RECORDS, "research_consent_at desc nulls first",
        "research_consent_at desc nulls last", CUSTOMER_TEST,
    ),
    Mutation(
        "of two devices of one moment the greater number counts",
        RECORDS, "serial_number asc nulls first",
        "serial_number desc nulls first", DISTANCE_TEST,
    ),
    Mutation(
        "a line of the moment of a consent that cannot be read is ignored",
        RECORDS, "bool_or(not is_readable) over (partition by email, effective_at)",
        "false", CUSTOMER_TEST,
    ),
    Mutation(
        "the first record counts, not the last",
        CUSTOMERS, "case when is_readable and claimed_until is null then 0 else 1 end",
        "case when is_readable then 0 else 1 end, effective_at", CUSTOMER_TEST,
    ),
    Mutation(
        "everybody is trusted",
        "models/trusted/customer_trusted.sql", "where covered_from is not null and",
        "where", CUSTOMER_TEST,
    ),
    Mutation(
        "who was erased is trusted again",
        "models/trusted/customer_trusted.sql", " and not is_erased",
        "", CUSTOMER_TEST,
    ),
    Mutation(
        "who was erased is not known again",
        CUSTOMERS, "erasures.erasure is not null as is_erased",
        "false as is_erased", CUSTOMER_TEST,
    ),
    Mutation(
        "erasures are looked for under the pseudonym key",
        CUSTOMERS, "pseudonym('latest.email', 'erasure_key.erasure_key')",
        "pseudonym('latest.email', 'pseudonym_key.pseudonym_key')", "who_was_erased_is_known_again",
    ),
    Mutation(
        "withheld motion is trusted",
        "models/trusted/accelerometer_trusted.sql", "where withholding_reason is null",
        "where customer_id is not null", MOTION_TEST,
    ),
    Mutation(
        "withheld distances are trusted",
        "models/trusted/step_trainer_trusted.sql", "where withholding_reason is null",
        "where customer_id is not null", DISTANCE_TEST,
    ),
    Mutation(
        "claims have no end",
        OWNERS, "coalesce(records.claimed_until, {{ end_of_time() }}) as claimed_until",
        "{{ end_of_time() }} as claimed_until", DISTANCE_TEST,
    ),
    Mutation(
        "claims have no beginning",
        OWNERS, "            when claimed_from = min(claimed_from) over (partition by device) "
        "then {{ earliest_time() }}\n            else claimed_from\n",
        "            when true then {{ earliest_time() }}\n", DISTANCE_TEST,
    ),
    Mutation(
        "the first claim does not reach back",
        OWNERS, "then {{ earliest_time() }}",
        "then claimed_from", DISTANCE_TEST,
    ),
    Mutation(
        "a gap between two claims is the one's before",
        OWNERS, "            and spans.owned_from < merged.claimed_until\n",
        "            and spans.owned_from <= merged.claimed_until\n", "a_device_is_owned_over_time",
    ),
    Mutation(
        "records that count for nothing claim devices",
        OWNERS, "        and (records.claimed_until is null or records.claimed_until > "
        "records.effective_at)\n",
        "", DISTANCE_TEST,
    ),
    Mutation(
        "claims of erased people are forgotten",
        OWNERS, "    from remembered\n",
        "    from remembered\n    where false\n", DISTANCE_TEST,
    ),
    Mutation(
        "a reading at the very moment at which a claim begins is the one's before",
        DISTANCES, "readings.read_at >= owners.owned_from",
        "readings.read_at > owners.owned_from", DISTANCE_TEST,
    ),
    Mutation(
        "a reading at the very moment at which a claim ends is still theirs",
        DISTANCES, "readings.read_at < owners.owned_until",
        "readings.read_at <= owners.owned_until",
        "a_distance_is_released_to_the_one_person_who_has_the_device_then",
    ),
    Mutation(
        "a reading at the very moment of a refusal is not within it",
        MOTION, "readings.read_at >= refusals.refused_from",
        "readings.read_at > refusals.refused_from",
        "motion_is_released_from_the_moment_that_consent_covers_on",
    ),
    Mutation(
        "a reading at the very end of a refusal is within it",
        MOTION, "readings.read_at < refusals.refused_until",
        "readings.read_at <= refusals.refused_until", MOTION_TEST,
    ),
    Mutation(
        "a device that two people claim is one's",
        OWNERS, "case when count(distinct merged.claimant) = 1 then max(merged.email) end",
        "max(merged.email)", "a_device_is_owned_over_time",
    ),
    Mutation(
        "readings of a device that two people claim are released",
        DISTANCES, "when owners.claimants > 1 then 'ambiguous_device'\n            ",
        "", "a_distance_is_released_to_the_one_person_who_has_the_device_then",
    ),
    Mutation(
        "a device that two people claim is each one's",
        DISTANCES, "left join owners\n        on",
        "left join (\n        select claims.serial_number, claims.email, 1 as "
        "claimants, timestamp '2010-01-01' as owned_from,\n        cast(null as "
        "timestamp) as owned_until from {{ ref('stg_customers') }} as customers inner "
        "join\n        {{ ref('stg_customer_records') }} as claims on customers.email "
        "= claims.email\n    ) as owners\n        on", "assert_ambiguous_devices_are_withheld",
    ),
    Mutation(
        "motion and distance join on time alone",
        TRAINING, "motion.customer_id = distances.customer_id\n            and ",
        "", TRAINING_TEST,
    ),
    Mutation(
        "motion and distance join on the person alone",
        TRAINING, "\n            and motion.read_at = distances.read_at",
        "", TRAINING_TEST,
    ),
    Mutation(
        "who has one kind of readings is curated",
        "models/curated/customers_curated.sql",
        "released.motion_readings > 0 and released.distance_readings > 0",
        "released.motion_readings > 0", "assert_curated_customers_have_both_readings",
    ),
    Mutation(
        "readings of unknown people vanish",
        MOTION, "left join customers",
        "inner join customers", "assert_readings_are_conserved",
    ),
    Mutation(
        "rejected lines vanish",
        "models/staging/rejected_lines.sql", "where rejection_reason is not null",
        "where rejection_reason != 'not_json'", LINES_TEST,
    ),
    Mutation(
        "readings that are no duplicates are lost as such",
        "models/staging/stg_accelerometer.sql", "where='rejection_reason is null'",
        "where='rejection_reason is null and z >= 0'", LINES_TEST,
    ),
    Mutation(
        "a reading that lands again counts again",
        "macros/engines/deduplicate.sql",
        "where {{ where }} and hash({{ key | join(', ') }}) not in (select fingerprint "
        "from repeated)",
        "where {{ where }}", LINES_TEST,
    ),
    Mutation(
        "a person is an email beyond customer_trusted",
        MOTION, "        customers.customer_id,\n        readings.read_at",
        "        readings.email as customer_id,\n        readings.read_at",
        "assert_only_pseudonyms_beyond_customer_trusted",
    ),
    Mutation(
        "the ledger leaves out what devices measured",
        "models/audit/releases.sql", "    from decided\n",
        "    from (select * from decided where source != 'step_trainer') as decided\n",
        "assert_releases_are_what_is_trusted",
    ),
    Mutation(
        "the history ends with what was said first",
        "models/audit/consent_history.sql",
        "lead(changes.effective_at) over (partition by changes.email order by "
        "changes.effective_at)",
        "lead(changes.effective_at) over (partition by changes.email order by "
        "changes.effective_at desc)", HISTORY_TEST,
    ),
    Mutation(
        "the history leaves out what cannot be read",
        "models/audit/consent_history.sql",
        "case when not is_unclear then research_consent_at end as",
        "research_consent_at as", HISTORY_TEST,
    ),
    Mutation(
        "a person is a hash that anybody can make",
        "macros/engines/pseudonym.sql", "    hmac_sha256({{ email }}, {{ key }})",
        "    sha256({{ email }})", "customer_id_is_the_hmac_of_the_email_under_the_key",
    ),
    Mutation(
        "times in seconds are plausible",
        PLAUSIBLE, "{{ time }} >= {{ earliest_time() }} and ",
        "", "times_are_plausible_or_none",
    ),
    Mutation(
        "times in the future are plausible",
        PLAUSIBLE, " and {{ time }} <= {{ end_of_day('ingest_date') }}",
        "", "times_are_plausible_or_none",
    ),
    Mutation(
        "an update before 2010 is a time",
        "models/staging/lines/customer_lines.sql",
        "case when last_update_time >= {{ earliest_time() }} then last_update_time end",
        "last_update_time", "times_are_plausible_or_none",
    ),
    Mutation(
        "an email has several forms",
        "macros/fields/normal_email.sql", "{{ nfc('lower(' ~ nfc(trimmed(text)) ~ ')') }}",
        "lower({{ trimmed(text) }})", "emails_have_one_normal_form",
    ),
    Mutation(
        "characters that cannot be seen make another person",
        "macros/fields/valid_email.sql",
        "                and regexp_replace({{ email }}, '{{ pattern }}', '') = {{ "
        "email }}\n",
        "", "emails_have_one_normal_form",
    ),
    Mutation(
        "minors are trusted",
        "models/trusted/customer_trusted.sql", " and not was_minor",
        "", "only_consent_to_research_makes_a_person_trusted",
    ),
    Mutation(
        "minors are released",
        REASON, "            when customers.was_minor then 'minor_at_consent'\n",
        "", "motion_is_released_from_the_moment_that_consent_covers_on",
    ),
]  # fmt: skip
