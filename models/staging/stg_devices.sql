{{ config(meta={'nightly_scan': 0.04}) }}

with

customers as (

    select * from {{ ref('stg_customers') }}

),

final as (

    select
        serial_number,
        count(*) as claimants,
        case when count(*) = 1 then min(customer_id) end as customer_id,
        case when count(*) = 1 then min(research_consent_at) end as research_consent_at,
        count(*) = 1 and count(case when is_erased then customer_id end) = 1 as is_erased
    from customers
    where serial_number is not null
    group by serial_number

)

select * from final
