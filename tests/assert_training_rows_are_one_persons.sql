-- Law 2. If this breaks, one person's motion is paired with another's distance, as happens when joining on time alone.
with

people as ({{ people_by_the_laws() }}),

claims as ({{ claims_by_the_laws() }}),

distances as (

    {{ distances_by_the_laws(looked_at(ref('stg_step_trainer'), 'serial_number', 'days_of_new_readings')) }}

),

met as (

    select
        people.customer_id,
        motion.read_at,
        motion.x,
        motion.y,
        motion.z,
        min(distances.distance) as distance
    from people
    inner join {{ looked_at(ref('stg_accelerometer'), 'email', 'days_of_new_readings') }} as motion
        on people.email = motion.email
    inner join distances
        on
            people.email = distances.email
            and motion.read_at = distances.read_at
    where {{ covered_by_the_laws('motion.read_at') }}
    group by people.customer_id, motion.read_at, motion.x, motion.y, motion.z

)

{{ differences(
    ['customer_id', 'read_at', 'x', 'y', 'z', 'distance'],
    looked_at(ref('machine_learning_curated'), 'customer_id', 'days_of_new_readings'),
    'paired across people, or without consent',
    'met',
    'a pair of one person left out',
) }}
