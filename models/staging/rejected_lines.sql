{{ config(
    materialized='incremental_by_slice',
    slices=['delivered'],
) }}

{% for source in ['customer', 'accelerometer', 'step_trainer'] %}
select
    '{{ source }}' as source,
    ingest_date,
    file_name,
    rejection_reason as reason,
    raw_line
from {{ ref(source ~ '_lines') }}
where rejection_reason is not null
{{ 'union all' if not loop.last }}
{% endfor %}
