{# A view: it is queried for a report, and reads all curated tables. #}
{{ config(materialized='view') }}

{#- Each table's attributes of people, and their precision. Not customer_id: nobody outside can know whose it is. -#}
{%- set groupings = [
    ('customers_curated', 'to the day', ['registered_on', 'covered_from_day']),
    ('customers_curated', 'to the month', [
        "date_trunc('month', registered_on)", "date_trunc('month', covered_from_day)",
    ]),
    ('machine_learning_curated', 'to the microsecond', ['read_at']),
    ('machine_learning_curated', 'to the day', ["date_trunc('day', read_at)"]),
    ('machine_learning_curated', 'whole readings', ['read_at', 'x', 'y', 'z', 'distance']),
] %}
with

alike as (
    {% for table, precision, attributes in groupings %}
    select
        '{{ table }}' as curated_table,
        '{{ precision }}' as what_is_known,
        count(distinct customer_id) as people
    from {{ ref(table) }}
    group by {{ attributes | join(', ') }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

final as (

    select
        curated_table,
        what_is_known,
        min(people) as smallest_group,
        count(*) as groups_of_people,
        cast(sum(case when people < {{ var('k_threshold') }} then 1 else 0 end) as bigint) as groups_below_threshold,
        {{ var('k_threshold') }} as threshold
    from alike
    group by curated_table, what_is_known

)

select * from final
