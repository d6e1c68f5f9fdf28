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

released as (

    select * from {{ ref('releases') }}
    where reason = 'released'

),

-- What was released at that time is what the last build before had noted.
read_from as (

    select
        exposures.exposure,
        exposures.derived_at,
        max(released.noted_at) as noted_at
    from exposures
    left join released on exposures.derived_at >= released.noted_at
    group by exposures.exposure, exposures.derived_at

),

people as (

    select
        read_from.exposure,
        released.customer_id,
        max(released.research_consent_at) as consent_then
    from read_from
    inner join released on read_from.noted_at = released.noted_at
    group by read_from.exposure, released.customer_id

),

-- A consent that now begins later covers fewer readings than were used.
judged as (

    select
        people.exposure,
        people.customer_id,
        case
            when customers.customer_id is null then 1
            when customers.research_consent_at > people.consent_then then 1
            else 0
        end as has_withdrawn
    from people
    left join {{ ref('customer_trusted') }} as customers on people.customer_id = customers.customer_id

),

counted as (

    select
        exposure,
        count(customer_id) as people,
        count(case when has_withdrawn = 1 then customer_id end) as people_who_withdrew
    from judged
    group by exposure

),

final as (

    select
        read_from.exposure,
        read_from.derived_at,
        coalesce(counted.people, 0) as people,
        coalesce(counted.people_who_withdrew, 0) as people_who_withdrew,
        coalesce(counted.people_who_withdrew, 0) > 0 as is_stale
    from read_from
    left join counted on read_from.exposure = counted.exposure

)

select * from final
