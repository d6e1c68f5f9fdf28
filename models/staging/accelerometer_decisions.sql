{# A view: trusted stores what is released, and audit only counts. #}
{{ config(materialized='view') }}

with

readings as (

    select * from {{ ref('stg_accelerometer') }}

),

customers as (

    select * from {{ ref('stg_customers') }}

),

refusals as (

    select * from {{ ref('refusals') }}

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
        {{ withholding_reason("when customers.customer_id is null then 'unknown_person'") }} as withholding_reason
    from readings
    left join customers on readings.email = customers.email
    left join refusals
        on
            readings.email = refusals.email
            and readings.read_at >= refusals.refused_from
            and readings.read_at < refusals.refused_until

)

select * from final
