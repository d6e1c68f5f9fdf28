{{ config(group='lakehouse') }}

-- What could be used on a day and under which consent: what any build made readable at any time of that day, by person.
-- A later withdrawal does not change it.  dbt show --select used_on --vars 'day: 2026-01-31' --limit 100
{%- set day = "timestamp '" ~ var("day", "2026-01-31") ~ " 00:00:00'" %}
with

final as (

    select
        customer_id,
        source,
        min(covered_from) as covered_from,
        max(readings) as readings,
        min(readable_from) as readable_from
    from {{ ref('readable_releases') }}
    where
        readable_from < {{ day }} + interval '1' day
        and (readable_until is null or readable_until > {{ day }})
    group by customer_id, source

)

select * from final
