{# A view: trusted stores what is released, and audit only counts. #}
{{ config(materialized='view') }}

with

readings as (

    select * from {{ ref('stg_accelerometer') }}

),

customers as (

    select * from {{ ref('stg_customers') }}

),

final as (

    select
        readings.ingest_date,
        readings.email,
        customers.customer_id,
        readings.read_at,
        readings.x,
        readings.y,
        readings.z,
        case
            when customers.customer_id is null then 'unknown_person'
            when customers.is_erased then 'erased'
            {{ consent_problem('customers.research_consent_at', 'readings.read_at') }}
        end as withholding_reason
    from readings
    left join customers on readings.email = customers.email

)

select * from final
