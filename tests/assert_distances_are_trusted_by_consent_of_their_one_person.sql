-- Laws 1 and 2. If this breaks, distances are used that no consent covers, or that were somebody else's at the time.
with

people as ({{ people_by_the_laws() }}),

claims as ({{ claims_by_the_laws() }}),

distances as ({{ distances_by_the_laws(looked_at(ref('stg_step_trainer'), 'serial_number')) }}),

covered as (

    select
        people.customer_id,
        distances.read_at,
        distances.distance
    from distances
    inner join people on distances.email = people.email
    where
        {{ covered_by_the_laws('distances.read_at') }}
        and {{ is_looked_at('distances.ingest_date', 'people.customer_id') }}

)

{{ differences(
    ['customer_id', 'read_at', 'distance'],
    looked_at(ref('step_trainer_trusted'), 'customer_id'),
    'released without consent, or to another person',
    'covered',
    'withheld despite consent',
) }}
