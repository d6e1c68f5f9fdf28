{{ config(
    materialized='incremental_by_slice',
    slices=['delivered', 'changed_identifiers'],
    partitioned_by=['month(ingest_date)'],
    meta={'nightly_scan': 0.2},
) }}

{{ build_after('changed_identifiers') }}

select
    'accelerometer' as source,
    ingest_date,
    email as identifier,
    case when withholding_reason = 'unknown_person' then null else email end as email,
    coalesce(withholding_reason, 'released') as reason,
    count(*) as readings
from {{ ref('accelerometer_decisions') }}
group by ingest_date, email, withholding_reason

union all

select
    'step_trainer' as source,
    ingest_date,
    serial_number as identifier,
    email,
    coalesce(withholding_reason, 'released') as reason,
    count(*) as readings
from {{ ref('step_trainer_decisions') }}
group by ingest_date, serial_number, email, withholding_reason
