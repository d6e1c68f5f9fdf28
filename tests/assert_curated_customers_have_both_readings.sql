-- Laws 1 and 2. If this breaks, customers_curated names people without released readings of both kinds.
-- A nightly build looks only at people whose consent or device changed, because it must read all of their readings.
{% set concerned = ' where ' ~ ('true' if upkeep().is_whole else slice_changed_people() or 'false') %}
{{ differences(
    ['customer_id'],
    ref('customers_curated') ~ concerned,
    'curated without both readings',
    "(select customer_id from " ~ ref('accelerometer_trusted') ~ concerned
        ~ " intersect select customer_id from " ~ ref('step_trainer_trusted') ~ concerned ~ ") as with_both",
    'left out despite both readings',
) }}
