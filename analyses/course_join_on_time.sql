{{ config(group='lakehouse') }}

-- How the course that STEDI's data comes from builds its training table: it joins consenting people's motion (any_time)
-- with every distance of the same moment, whoever took it. On the course's data that gives 43,681 rows, of which 2,700
-- are wrong: one person's motion with the distance of somebody else who practised at the same millisecond. A model
-- would learn from pairs that never existed, and one person's row would hold another person's data. Therefore
-- machine_learning_curated joins by person and time.
with

customers as (

    select * from {{ ref('stg_customers') }}

),

consenting as (

    select * from customers
    where research_consent_at is not null

),

motion as (

    select
        consenting.customer_id,
        readings.read_at
    from {{ ref('stg_accelerometer') }} as readings
    inner join consenting on readings.email = consenting.email

),

distances as (

    select
        consenting.customer_id,
        readings.read_at
    from {{ ref('stg_step_trainer') }} as readings
    inner join consenting on readings.serial_number = consenting.serial_number

),

joined as (

    select case when motion.customer_id = distances.customer_id then 'of one person' else 'of two people' end as pairs
    from motion
    inner join distances on motion.read_at = distances.read_at

)

select
    pairs,
    count(*) as training_rows
from joined
group by pairs
order by pairs
