{{ config(
    materialized='incremental_by_slice',
    slices=['delivered_months', 'changed_identifiers'],
    meta={'nightly_scan': 0.08},
) }}

select
    source,
    cast(date_trunc('month', ingest_date) as date) as ingest_month,
    identifier,
    email,
    reason,
    cast(sum(readings) as bigint) as readings
from {{ ref('decisions_by_day') }}
group by source, date_trunc('month', ingest_date), identifier, email, reason
