{# A view: it reads the ledger. #}
{{ config(materialized='view') }}

{%- set exposures = graph.exposures.values() | list if execute else [] %}
with

exposures as (
    {% for exposure in exposures %}
    {%- set derived_at = exposure.config.meta.get('derived_at') %}
    select
        '{{ exposure.name }}' as exposure,
        {{ "timestamp '" ~ derived_at ~ "'" if derived_at else 'null' }} as derived_at
    union all
    {%- endfor %}
    select
        cast(null as varchar) as exposure,
        cast(null as timestamp(6)) as derived_at
    where false

),

people as (

    select
        exposures.exposure,
        readable.customer_id,
        min(readable.covered_from) as covered_from
    from exposures
    inner join {{ ref('readable_releases') }} as readable
        on
            exposures.derived_at >= readable.readable_from
            and (readable.readable_until is null or exposures.derived_at < readable.readable_until)
    group by exposures.exposure, readable.customer_id

),

-- A consent that begins later than it did covers fewer readings than were used. Of people who have been erased, the
-- ledger has no ids any more: together they count as one.
judged as (

    select
        people.exposure,
        people.customer_id,
        case
            when customers.customer_id is null then 1
            when customers.covered_from > people.covered_from then 1
            else 0
        end as has_withdrawn
    from people
    left join {{ ref('customer_trusted') }} as customers on people.customer_id = customers.customer_id

),

counted as (

    select
        exposure,
        count(*) as people,
        count(case when has_withdrawn = 1 then 1 end) as people_who_withdrew
    from judged
    group by exposure

),

final as (

    select
        exposures.exposure,
        exposures.derived_at,
        coalesce(counted.people, 0) as people,
        coalesce(counted.people_who_withdrew, 0) as people_who_withdrew,
        coalesce(counted.people_who_withdrew, 0) > 0 as is_stale
    from exposures
    left join counted on exposures.exposure = counted.exposure

)

select * from final
