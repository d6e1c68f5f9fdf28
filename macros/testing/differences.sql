{# Both tables are read once. #}
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
