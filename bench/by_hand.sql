-- The trusted and curated tables as one would write them by hand where every delivery is known to be sound: no staging,
-- no rejected lines, no duplicates, no reason for what is withheld. The benchmark's measure of what the joins cost.
create schema trusted;
create schema curated;

create temp table customers as
select
    hmac_sha256(lower(trim(email)), getvariable('pseudonym_key')) as customer_id,
    lower(trim(email)) as email,
    customerName as customer_name,
    phone,
    birthDay as birth_day,
    serialNumber as serial_number,
    epoch_ms(registrationDate) as registered_at,
    epoch_ms(lastUpdateDate) as updated_at,
    epoch_ms(shareWithResearchAsOfDate) as research_consent_at,
    epoch_ms(shareWithPublicAsOfDate) as public_consent_at,
    epoch_ms(shareWithFriendsAsOfDate) as friends_consent_at
from read_json(
    getvariable('landing') || '/customer/landing/*/*',
    format = 'newline_delimited',
    columns = {
        customerName: 'varchar',
        email: 'varchar',
        phone: 'varchar',
        birthDay: 'varchar',
        serialNumber: 'varchar',
        registrationDate: 'bigint',
        lastUpdateDate: 'bigint',
        shareWithResearchAsOfDate: 'bigint',
        shareWithPublicAsOfDate: 'bigint',
        shareWithFriendsAsOfDate: 'bigint'
    }
)
qualify row_number() over (partition by lower(trim(email)) order by lastUpdateDate desc) = 1;

create table trusted.customer_trusted as
select * from customers
where research_consent_at is not null;

create table trusted.accelerometer_trusted as
select
    customers.customer_id,
    epoch_ms(motion.timestamp) as read_at,
    motion.x,
    motion.y,
    motion.z
from read_json(
    getvariable('landing') || '/accelerometer/landing/*/*',
    format = 'newline_delimited',
    columns = {user: 'varchar', timestamp: 'bigint', x: 'double', y: 'double', z: 'double'}
) as motion
inner join trusted.customer_trusted as customers on lower(trim(motion.user)) = customers.email
where epoch_ms(motion.timestamp) >= customers.research_consent_at;

create table trusted.step_trainer_trusted as
with devices as (
    select
        serial_number,
        min(customer_id) as customer_id,
        min(research_consent_at) as research_consent_at
    from customers
    group by serial_number
    having count(*) = 1
)

select
    devices.customer_id,
    epoch_ms(distance.sensorReadingTime) as read_at,
    distance.distanceFromObject as distance
from read_json(
    getvariable('landing') || '/step_trainer/landing/*/*',
    format = 'newline_delimited',
    columns = {sensorReadingTime: 'bigint', serialNumber: 'varchar', distanceFromObject: 'double'}
) as distance
inner join devices on distance.serialNumber = devices.serial_number
where epoch_ms(distance.sensorReadingTime) >= devices.research_consent_at;

create table curated.customers_curated as
select
    customers.customer_id,
    customers.registered_at,
    customers.research_consent_at,
    motion.motion_readings,
    distances.distance_readings
from trusted.customer_trusted as customers
inner join (
    select customer_id, count(*) as motion_readings
    from trusted.accelerometer_trusted
    group by customer_id
) as motion on customers.customer_id = motion.customer_id
inner join (
    select customer_id, count(*) as distance_readings
    from trusted.step_trainer_trusted
    group by customer_id
) as distances on customers.customer_id = distances.customer_id;

create table curated.machine_learning_curated as
select
    motion.customer_id,
    motion.read_at,
    motion.x,
    motion.y,
    motion.z,
    distances.distance
from trusted.accelerometer_trusted as motion
inner join trusted.step_trainer_trusted as distances
    on
        motion.customer_id = distances.customer_id
        and motion.read_at = distances.read_at;
