-- Laws 1 and 2. If this breaks, distances are used that no consent covers or that belong to somebody else.
with

people as ({{ people_by_the_laws() }}),

covered as (

    select
        people.customer_id,
        readings.read_at,
        readings.distance
    from {{ looked_at(ref('stg_step_trainer'), 'serial_number') }} as readings
    inner join people on readings.serial_number = people.serial_number
    where {{ covered_by('people.consent_at', 'readings.read_at') }}

)

{{ differences(
    ['customer_id', 'read_at', 'distance'],
    looked_at(ref('step_trainer_trusted'), 'customer_id'),
    'released without consent, or to another person',
    'covered',
    'withheld despite consent',
) }}
