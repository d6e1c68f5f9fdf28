{# A view: trusted stores what is released, and audit only counts. #}
{{ config(materialized='view') }}

with

readings as (

    select * from {{ ref('stg_step_trainer') }}

),

owners as (

    select * from {{ ref('device_owners') }}

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
        readings.serial_number,
        customers.email,
        customers.customer_id,
        readings.read_at,
        readings.distance,
        {{ withholding_reason(
            "when owners.claimants > 1 then 'ambiguous_device'
            when customers.customer_id is null then 'unknown_device'"
        ) }} as withholding_reason
    from readings
    left join owners
        on
            readings.serial_number = owners.serial_number
            and readings.read_at >= owners.owned_from
            and (owners.owned_until is null or readings.read_at < owners.owned_until)
    left join customers on owners.email = customers.email
    left join refusals
        on
            customers.email = refusals.email
            and readings.read_at >= refusals.refused_from
            and readings.read_at < refusals.refused_until

)

select * from final
