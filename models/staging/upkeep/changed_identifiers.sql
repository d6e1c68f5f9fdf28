{{ config(meta={'nightly_scan': 0.1}) }}

with

-- Records are read once; each gets what its person's latest record said before the new ones came.
ranked as (

    select
        email,
        serial_number,
        research_consent_at,
        {{ is_new() }} as has_just_come,
        row_number() over (
            partition by email, {{ is_new() }}
            order by updated_at desc, research_consent_at desc nulls first, serial_number asc nulls first
        ) as recency
    from {{ ref('stg_customer_records') }}

),

compared as (

    select
        *,
        max(case when has_just_come then 0 else 1 end) over (partition by email) as is_known,
        max(case when not has_just_come and recency = 1 then research_consent_at end)
            over (partition by email) as known_consent_at,
        max(case when not has_just_come and recency = 1 then serial_number end)
            over (partition by email) as known_serial_number
    from ranked

),

judged as (

    select
        email,
        serial_number,
        max(case
            when not has_just_come then 0
            when is_known = 0 then 1
            when research_consent_at is distinct from known_consent_at then 1
            when serial_number is distinct from known_serial_number then 1
            else 0
        end) over (partition by email) as has_changed
    from compared

),

-- Changed people, and every device they ever named: one that they gave up may now belong to one other person alone.
named as (

    select distinct
        judged.email,
        kinds.kind,
        case kinds.kind when 'person' then judged.email else judged.serial_number end as identifier
    from judged
    cross join (values ('person'), ('device')) as kinds (kind)
    where judged.has_changed = 1

),

concerned as (

    select * from named
    where {{ has_readings('identifier') }}

),

devices as (

    select distinct identifier from concerned
    where kind = 'device' and identifier is not null

),

final as (

    select
        email as identifier,
        customer_id
    from {{ ref('stg_customers') }}
    where
        email in (select concerned.email from concerned)
        or serial_number in (select devices.identifier from devices)

    union all

    select
        identifier,
        cast(null as varchar) as customer_id
    from devices

)

select * from final
