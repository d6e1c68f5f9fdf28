{% for source, identity in {'accelerometer': 'email', 'step_trainer': 'serial_number'}.items() %}
select
    '{{ source }}' as source,
    ingest_date,
    {{ identity }} as identity,
    coalesce(withholding_reason, 'released') as reason,
    count(*) as readings
from {{ ref(source ~ '_decisions') }}
group by ingest_date, {{ identity }}, withholding_reason
{{ 'union all' if not loop.last }}
{% endfor %}
