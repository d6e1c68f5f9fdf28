{#
    No row of the model lacks any of the columns. One query for all of them; returns how many rows do, by column.

    columns  names of columns
#}
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
