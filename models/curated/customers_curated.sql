with

customers as (

    select * from {{ ref('customer_trusted') }}

),

motion as (

    select
        customer_id,
        count(*) as motion_readings
    from {{ ref('accelerometer_trusted') }}
    group by customer_id

),

distances as (

    select
        customer_id,
        count(*) as distance_readings
    from {{ ref('step_trainer_trusted') }}
    group by customer_id

),

final as (

    select
        customers.customer_id,
        customers.registered_at,
        customers.research_consent_at,
        motion.motion_readings,
        distances.distance_readings
    from customers
    inner join motion on customers.customer_id = motion.customer_id
    inner join distances on customers.customer_id = distances.customer_id

)

select * from final
