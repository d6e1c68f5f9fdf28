with

records as (

    select * from {{ ref('stg_customer_records') }}

),

customers as (

    select * from {{ ref('stg_customers') }}

),

new_records as (

    select * from records
    where {{ is_new() }}

),

-- What a person's latest record said before.
known_records as (

    select
        email,
        serial_number,
        research_consent_at,
        row_number() over (
            partition by email
            order by updated_at desc, research_consent_at desc nulls first, serial_number asc nulls first
        ) as recency
    from records
    where not ({{ is_new() }}) and email in (select new_records.email from new_records)

),

changed_people as (

    select distinct new_records.email
    from new_records
    left join known_records
        on
            new_records.email = known_records.email
            and known_records.recency = 1
    where
        known_records.email is null
        or new_records.research_consent_at is distinct from known_records.research_consent_at
        or new_records.serial_number is distinct from known_records.serial_number

),

-- Every device that they ever named: one that they gave up may have become somebody else's alone.
changed_devices as (

    select distinct
        email,
        serial_number
    from records
    where
        email in (select changed_people.email from changed_people)
        and serial_number is not null
        and {{ has_readings('serial_number') }}

),

final as (

    select
        email as identifier,
        customer_id
    from customers
    where
        (email in (select changed_people.email from changed_people) and {{ has_readings('email') }})
        or email in (select changed_devices.email from changed_devices)
        or serial_number in (select changed_devices.serial_number from changed_devices)

    union all

    select distinct
        serial_number as identifier,
        cast(null as varchar) as customer_id
    from changed_devices

)

select * from final
