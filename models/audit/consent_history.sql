{# A view: it is as long as the customer records, and seldom queried. #}
{{ config(materialized='view') }}

with

records as (

    select * from {{ ref('stg_customer_records') }}

),

-- Of records with the same time, the one that stg_customers would choose.
ranked as (

    select
        email,
        updated_at,
        research_consent_at,
        ingest_date,
        row_number() over (
            partition by email, updated_at
            order by research_consent_at desc nulls first, ingest_date asc
        ) as recency
    from records

),

compared as (

    select
        *,
        lag(updated_at) over (partition by email order by updated_at) as known_before,
        lag(research_consent_at) over (partition by email order by updated_at) as consent_before
    from ranked
    where recency = 1

),

changes as (

    select * from compared
    where known_before is null or research_consent_at is distinct from consent_before

),

final as (

    select
        customers.customer_id,
        changes.updated_at as valid_from,
        lead(changes.updated_at) over (partition by changes.email order by changes.updated_at) as valid_to,
        changes.research_consent_at,
        changes.ingest_date as landed_on
    from changes
    inner join {{ ref('stg_customers') }} as customers on changes.email = customers.email

)

select * from final
