{% test never_null(model, columns) %}
{% for column in columns %}
select
    '{{ column }}' as in_column,
    count(*) as rows_without
from {{ model }}
where {{ column }} is null
having count(*) > 0
{{ 'union all' if not loop.last }}
{% endfor %}
{% endtest %}
