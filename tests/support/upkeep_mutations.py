"""Ways to break how tables are kept up, each with what must notice.

What notices is a history of known_histories.py, or a life in its three nights: that life's rows
are then wrong, whoever else's are.
"""

from __future__ import annotations

from support.mutations import Mutation

MOTION = "models/trusted/accelerometer_trusted.sql"
TRAINING = "models/curated/machine_learning_curated.sql"
DECISIONS = "models/staging/decisions_by_day.sql"
CHANGED = "models/staging/upkeep/changed_identifiers.sql"
REPLACING = "macros/upkeep/incremental_by_slice.sql"
SLICES = "macros/upkeep/slices.sql"
UPKEEP = "macros/upkeep/upkeep.sql"
BEGINNING = "macros/upkeep/begin_build.sql"
HAVING = "macros/upkeep/has_readings.sql"

CONSENT_ALONE = "consent, withdrawal, consent again, without a new reading"
PARTS = "parts of a build, then the whole"
BROKEN_OFF = "three nights, the last two broken off"
COUNTED_HALF = "counts are added up from what a build that broke off has left of them"
OTHER_SCOPE = "another consent_scope, and back"
EXCHANGED = "two people exchange their devices"
TWO_CLAIM = "a device is claimed by two, and by one again"
NEARER = "the nearer distance comes later, then its owner withdraws"
DISTANCES_ALONE = "who has distances alone gives the device up, and takes it back"
HAD_REFUSED = "who had refused consents, when all readings had come"
MOVED_ON = "consent moves on, past a reading, and back"
PHONE = "a phone, and nothing else"
NO_JSON = "a withdrawal cannot be read; then it is known when it was"
AGAIN = "readings come again, and nothing else"
ALONE = "one kind of readings comes alone, on a day of its own"
LATE_CONSENT = "a consent comes late, between a refusal and the next consent"

MUTATIONS = [
    Mutation(
        "nothing is taken out before it is put in again",
        REPLACING, "{%- if not appends -%}", "{%- if false -%}", PHONE,
    ),
    Mutation(
        "nothing is taken out again after a build that broke off",
        REPLACING, "{%- if not appends -%}",
        "{%- if not appends and not upkeep().is_resumed -%}", BROKEN_OFF,
    ),
    Mutation(
        "only the first slice of a table is replaced",
        REPLACING, "{%- for condition in conditions -%}",
        "{%- for condition in conditions[:1] -%}", TWO_CLAIM,
    ),
    Mutation(
        "what landed is left alone after a build that broke off",
        SLICES, "{% macro slice_landed() -%}\n    {{ return(is_new()) }}",
        "{% macro slice_landed() -%}\n    {{ return(none if upkeep().is_resumed else is_new()) }}",
        BROKEN_OFF,
    ),
    Mutation(
        "the newest day is not new",
        UPKEEP, """column ~ " >= date '\"""", """column ~ " > date '\"""", NEARER,
    ),
    Mutation(
        "more files of the newest day are not seen",
        BEGINNING, "last['newest_day'] if lines != last['newest_lines'] else ", "", TWO_CLAIM,
    ),
    Mutation(
        "trusted readings stay as they are when their person's consent changes",
        MOTION, "'delivered', 'changed_people'", "'delivered'", MOVED_ON,
    ),
    Mutation(
        "training rows stay as they are when their person's consent changes",
        TRAINING, "'days_of_new_readings', 'changed_people'", "'days_of_new_readings'",
        CONSENT_ALONE,
    ),
    Mutation(
        "training rows are only made of people who changed",
        TRAINING, "'days_of_new_readings', 'changed_people'", "'changed_people'", NEARER,
    ),
    Mutation(
        "decisions stay as they are counted when consent changes",
        DECISIONS, "'delivered', 'changed_identifiers'", "'delivered'", MOVED_ON,
    ),
    Mutation(
        "of a month's decisions only the new day's are counted",
        SLICES, """(upkeep().first_new_day | string)[:7] ~ "-01'\"""",
        """(upkeep().first_new_day | string) ~ "'\"""", NEARER,
    ),
    Mutation(
        "new motion alone makes no training rows",
        SLICES, "['accelerometer_trusted', 'step_trainer_trusted']", "['step_trainer_trusted']",
        ALONE,
    ),
    Mutation(
        "new distances alone make no training rows",
        SLICES, "['accelerometer_trusted', 'step_trainer_trusted']", "['accelerometer_trusted']",
        ALONE,
    ),
    Mutation(
        "a change of consent is not noticed",
        CHANGED, "['birth_day', 'serial_number', 'research_consent_at']",
        "['birth_day', 'serial_number']", MOVED_ON,
    ),
    Mutation(
        "a change of device is not noticed",
        CHANGED, "['birth_day', 'serial_number', 'research_consent_at']",
        "['birth_day', 'research_consent_at']", EXCHANGED,
    ),
    Mutation(
        "a record that is older than the last known one changes nothing",
        CHANGED, "known_until is null or effective_at <= known_until", "known_until is null",
        LATE_CONSENT,
    ),
    Mutation(
        "a device that was given up is forgotten",
        CHANGED, "    from compared\n", "    from compared\n    where has_just_come\n",
        DISTANCES_ALONE,
    ),
    Mutation(
        "whoever else names a device is forgotten",
        CHANGED,
        "coalesce(bool_or(has_changed) over (partition by serial_number), false)",
        "coalesce(has_changed, false)", TWO_CLAIM,
    ),
    Mutation(
        "people of whom there are distances alone are forgotten",
        CHANGED, "            or (has_changed_device and {{ has_readings('serial_number') }})\n",
        "", DISTANCES_ALONE,
    ),
    Mutation(
        "records of a person stay as they were when another one lands",
        "models/staging/stg_customer_records.sql", "slices=['people_with_new_lines']", "slices=[]",
        CONSENT_ALONE,
    ),
    Mutation(
        "new lines that cannot be read bring no person up to date",
        SLICES,
        """
        union
        select email from {{ relation_of('unreadable_records') }} where {{ is_new() }}""",
        "", NO_JSON,
    ),
    Mutation(
        "duplicates are looked for on no day",
        SLICES, "return(on_days_of('read_at', [source ~ '_lines']))", "return('false')", AGAIN,
    ),
    Mutation(
        "readings that are withheld are taken for none",
        HAVING, "from {{ relation_of('decisions_by_identifier') }} as counts",
        "from {{ relation_of('decisions_by_identifier') }} as counts "
        "where counts.reason = 'released'",
        HAD_REFUSED,
    ),
    Mutation(
        "counts are believed after a build that broke off while it replaced them",
        HAVING, "upkeep().is_whole or upkeep().is_resumed", "upkeep().is_whole", COUNTED_HALF,
    ),
    Mutation(
        "a build of a part counts as complete",
        "models/audit/builds.sql", "'true' if everything_is_selected() else 'false'", "'true'",
        PARTS,
    ),
    Mutation(
        "tables of another consent_scope are taken for this one's",
        BEGINNING,
        "begun_whole != [] or scopes != [release_rules()] * scopes | length",
        "begun_whole != []", OTHER_SCOPE,
    ),
]  # fmt: skip
