-- Law 2. If this breaks, what a device measured while two people claimed it counts as one person's, and the other's
-- steps as theirs.
-- A nightly build skips this: the law's other test compares each distance that it replaced.
{% set looks = upkeep().is_whole | string | lower %}
with

people as ({{ people_by_the_laws() }}),

claims as ({{ claims_by_the_laws() }}),

distances as ({{ distances_by_the_laws(ref('stg_step_trainer')) }}),

theirs as (

    select
        people.customer_id,
        distances.read_at,
        distances.distance
    from distances
    inner join people on distances.email = people.email

)

select
    readings.customer_id,
    count(*) as readings
from {{ ref('step_trainer_trusted') }} as readings
left join theirs
    on
        readings.customer_id = theirs.customer_id
        and readings.read_at = theirs.read_at
        and readings.distance = theirs.distance
where {{ looks }} and theirs.customer_id is null
group by readings.customer_id
