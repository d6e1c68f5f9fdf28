{#
    A query that is empty where two tables hold the same rows, each as often, and else says how many differ: a count, never a
    row of anybody's. Both are read once.

    columns    the columns that are compared
    found      what a table holds, as after `from`
    too_many   what is wrong with a row that is only there, or there more often
    expected   what it must hold, as after `from`
    too_few    what is wrong with a row that is only there, or there more often
#}
{% macro differences(columns, found, too_many, expected, too_few) %}
select
    problem,
    count(*) as rows_concerned
from (
    select case when sum(is_found) > sum(is_expected) then '{{ too_many }}' else '{{ too_few }}' end as problem
    from (
        select
            {{ columns | join(', ') }},
            1 as is_found,
            0 as is_expected
        from {{ found }}
        union all
        select
            {{ columns | join(', ') }},
            0 as is_found,
            1 as is_expected
        from {{ expected }}
    ) as both_sides
    group by {{ columns | join(', ') }}
    having sum(is_found) != sum(is_expected)
) as differing
group by problem
{% endmacro %}
