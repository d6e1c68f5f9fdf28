{# A view: it is as long as the customer records, and seldom queried. #}
{{ config(materialized='view') }}

with

records as (

    select * from {{ ref('stg_customer_records') }}

),

customers as (

    select * from {{ ref('stg_customers') }}

),

-- What counts at a time, and on what day the first record landed that says so.
stated as (

    select
        email,
        effective_at,
        superseded_at,
        is_unclear,
        case when not is_unclear then research_consent_at end as research_consent_at,
        case
            when is_unclear
                then min(case when not is_readable then ingest_date end) over (partition by email, effective_at)
            else min(ingest_date) over (partition by email, effective_at, is_readable, research_consent_at)
        end as landed_on
    from records

),

counted as (

    select * from stated
    where superseded_at is null or superseded_at > effective_at

),

compared as (

    select
        *,
        lag(effective_at) over (partition by email order by effective_at) as stated_before,
        lag(research_consent_at) over (partition by email order by effective_at) as consent_before,
        lag(is_unclear) over (partition by email order by effective_at) as was_unclear
    from counted

),

changes as (

    select * from compared
    where
        stated_before is null
        or research_consent_at is distinct from consent_before
        or is_unclear != was_unclear

),

final as (

    select
        customers.customer_id,
        changes.effective_at as valid_from,
        lead(changes.effective_at) over (partition by changes.email order by changes.effective_at) as valid_to,
        changes.research_consent_at,
        changes.is_unclear,
        changes.landed_on
    from changes
    inner join customers on changes.email = customers.email

)

select * from final
