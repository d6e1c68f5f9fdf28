{% for source, identifier in {'accelerometer': 'email', 'step_trainer': 'serial_number'}.items() %}
select
    '{{ source }}' as source,
    ingest_date,
    {{ identifier }} as identifier,
    coalesce(withholding_reason, 'released') as reason,
    count(*) as readings
from {{ ref(source ~ '_decisions') }}
group by ingest_date, {{ identifier }}, withholding_reason
{{ 'union all' if not loop.last }}
{% endfor %}
