-- Law 2. If this breaks, a device that two people claim counts as one person's, and the other's steps as theirs.
with

people as ({{ people_by_the_laws() }})

select
    people.customer_id,
    count(*) as readings
from {{ looked_at(ref('step_trainer_trusted'), 'customer_id') }} as readings
inner join people on readings.customer_id = people.customer_id
where people.serial_number is null
group by people.customer_id
