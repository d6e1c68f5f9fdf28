{# A view: trusted stores what is released, and audit only counts. #}
{{ config(materialized='view') }}

with

readings as (

    select * from {{ ref('stg_step_trainer') }}

),

devices as (

    select * from {{ ref('stg_devices') }}

),

final as (

    select
        readings.ingest_date,
        readings.serial_number,
        devices.customer_id,
        readings.read_at,
        readings.distance,
        case
            when devices.serial_number is null then 'unknown_device'
            when devices.claimants > 1 then 'ambiguous_device'
            when devices.is_erased then 'erased'
            {{ consent_problem('devices.research_consent_at', 'readings.read_at') }}
        end as withholding_reason
    from readings
    left join devices on readings.serial_number = devices.serial_number

)

select * from final
