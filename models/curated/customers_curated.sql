{{ config(
    s3_data_dir=zone_location('customer/curated'),
    meta={'nightly_scan': 0.05},
) }}

with

customers as (

    select * from {{ ref('customer_trusted') }}

),

released as (

    select
        email,
        cast(sum(case when source = 'accelerometer' then readings else 0 end) as bigint) as motion_readings,
        cast(sum(case when source = 'step_trainer' then readings else 0 end) as bigint) as distance_readings
    from {{ ref('decisions_by_identifier') }}
    where reason = 'released'
    group by email

),

final as (

    select
        customers.customer_id,
        cast(customers.registered_at as date) as registered_on,
        cast(customers.covered_from as date) as covered_from_day,
        released.motion_readings,
        released.distance_readings
    from customers
    inner join released on customers.email = released.email
    where released.motion_readings > 0 and released.distance_readings > 0

)

select * from final
