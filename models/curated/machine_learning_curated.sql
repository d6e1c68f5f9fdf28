{{ config(
    materialized='incremental_by_slice',
    slices=['days_of_new_readings', 'changed_people'],
    partitioned_by=['bucket(customer_id, 32)'],
    s3_data_dir=zone_location('step_trainer/curated'),
    meta={'nightly_scan': 0.2},
) }}

with

motion as (

    select * from {{ ref('accelerometer_trusted') }}

),

-- A device may give two distances for one moment. The nearer one counts, so that a motion reading stays one row.
distances as (

    select
        customer_id,
        read_at,
        min(distance) as distance
    from {{ ref('step_trainer_trusted') }}
    group by customer_id, read_at

),

final as (

    select
        motion.customer_id,
        motion.read_at,
        motion.x,
        motion.y,
        motion.z,
        distances.distance
    from motion
    inner join distances
        on
            motion.customer_id = distances.customer_id
            and motion.read_at = distances.read_at

)

select * from final
