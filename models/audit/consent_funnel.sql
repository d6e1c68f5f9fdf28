{% for source in ['accelerometer', 'step_trainer'] %}
select
    '{{ source }}' as source,
    coalesce(withholding_reason, 'released') as reason,
    count(*) as readings
from {{ ref(source ~ '_decisions') }}
group by withholding_reason
{{ 'union all' if not loop.last }}
{% endfor %}
