{{ config(
    s3_data_dir=zone_location('customer/curated'),
    meta={'nightly_scan': 0.04},
) }}

with

customers as (

    select * from {{ ref('customer_trusted') }}

),

released as (

    select * from {{ ref('decisions_by_identifier') }}
    where reason = 'released'

),

final as (

    select
        customers.customer_id,
        customers.registered_at,
        customers.research_consent_at,
        motion.readings as motion_readings,
        distances.readings as distance_readings
    from customers
    inner join released as motion
        on
            customers.email = motion.identifier
            and motion.source = 'accelerometer'
    inner join released as distances
        on
            customers.serial_number = distances.identifier
            and distances.source = 'step_trainer'

)

select * from final
