{#
    The grain of the model: the columns tell its rows apart, where a null is a value like any other. Unlike dbt's own
    `unique` it takes several columns, and returns how many rows too many there are, never whose.

    columns  names of columns
#}
{% test one_row_per(model, columns) %}
with

repeated as (

    select count(*) as copies
    from {{ model }}
    group by {{ columns | join(', ') }}
    having count(*) > 1

)

select sum(copies - 1) as rows_too_many
from repeated
having count(*) > 0
{% endtest %}
