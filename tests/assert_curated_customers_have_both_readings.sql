-- Laws 1 and 2. If this breaks, customers_curated names people whose released readings are not both there.
{{ differences(
    "select customer_id from " ~ ref('customers_curated'),
    'curated without both readings',
    "(select customer_id from " ~ ref('accelerometer_trusted')
        ~ " intersect select customer_id from " ~ ref('step_trainer_trusted') ~ ")",
    'left out despite both readings',
) }}
