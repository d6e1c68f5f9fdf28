-- Laws 1 and 2. If this breaks, customers_curated names people whose released readings are not both there.
-- A nightly build looks at the people whose consent or device changed: that anybody has readings takes all of theirs.
{% set looked_at_people = slice_changed_people() or 'false' if not upkeep().is_whole else 'true' %}
{{ differences(
    "select customer_id from " ~ ref('customers_curated') ~ " where " ~ looked_at_people,
    'curated without both readings',
    "(select customer_id from " ~ ref('accelerometer_trusted') ~ " where " ~ looked_at_people
        ~ " intersect select customer_id from " ~ ref('step_trainer_trusted') ~ " where " ~ looked_at_people ~ ")",
    'left out despite both readings',
) }}
