-- Law 1. If this breaks, motion is used that no consent covers: of people who refused, withdrew, shared only with the
-- public, or consented later, or from a time when they had withdrawn.
with

people as ({{ people_by_the_laws() }}),

covered as (

    select
        people.customer_id,
        readings.read_at,
        readings.x,
        readings.y,
        readings.z
    from {{ looked_at(ref('stg_accelerometer'), 'email') }} as readings
    inner join people on readings.email = people.email
    where {{ covered_by_the_laws('readings.read_at') }}

)

{{ differences(
    ['customer_id', 'read_at', 'x', 'y', 'z'],
    looked_at(ref('accelerometer_trusted'), 'customer_id'),
    'released without consent',
    'covered',
    'withheld despite consent',
) }}
