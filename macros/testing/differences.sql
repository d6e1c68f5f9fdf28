{#
    A query that is empty where two queries give the same set of rows, and else says how many rows only one of them has:
    a count, never a row of anybody's.

    found           what a table holds
    too_many        what is wrong with a row that is only in `found`
    expected        what it must hold, with the same columns
    too_few         what is wrong with a row that is only in `expected`
#}
{% macro differences(found, too_many, expected, too_few) %}
select
    '{{ too_many }}' as problem,
    count(*) as rows_concerned
from ({{ found }} except {{ expected }}) as unexpected
having count(*) > 0
union all
select
    '{{ too_few }}' as problem,
    count(*) as rows_concerned
from ({{ expected }} except {{ found }}) as lacking
having count(*) > 0
{% endmacro %}
