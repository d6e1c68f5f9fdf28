{{ config(
    materialized='incremental_by_slice',
    slices=['delivered_readings'],
    delivered_by=['step_trainer_lines'],
    partitioned_by=['bucket(serial_number, 32)'],
    meta={'nightly_scan': 0.05},
) }}

{{ deduplicate(
    ref('step_trainer_lines'),
    key=['serial_number', 'read_at', 'distance'],
    where='rejection_reason is null',
) }}
