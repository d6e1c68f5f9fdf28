{{ config(
    materialized='incremental_by_slice',
    slices=['delivered', 'changed_identifiers'],
    partitioned_by=['month(ingest_date)'],
    meta={'nightly_scan': 0.2},
) }}

{{ build_after('changed_identifiers') }}

{% for source, identifier in {'accelerometer': 'email', 'step_trainer': 'serial_number'}.items() %}
select
    '{{ source }}' as source,
    ingest_date,
    {{ identifier }} as identifier,
    customer_id,
    coalesce(withholding_reason, 'released') as reason,
    count(*) as readings
from {{ ref(source ~ '_decisions') }}
group by ingest_date, {{ identifier }}, customer_id, withholding_reason
{{ 'union all' if not loop.last }}
{% endfor %}
