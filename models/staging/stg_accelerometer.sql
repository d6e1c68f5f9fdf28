{{ config(
    materialized='incremental_by_slice',
    slices=['delivered_readings'],
    delivered_by=['accelerometer_lines'],
    partitioned_by=['bucket(email, 32)'],
    meta={'nightly_scan': 0.09},
) }}

{{ deduplicate(
    ref('accelerometer_lines'),
    key=['email', 'read_at', 'x', 'y', 'z'],
    where='rejection_reason is null',
) }}
