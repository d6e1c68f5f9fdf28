{{ config(meta={'nightly_scan': 0.1}) }}

with

records as (

    select
        email,
        is_readable,
        effective_at,
        birth_day,
        serial_number,
        research_consent_at,
        {{ is_new() }} as has_just_come
    from {{ ref('stg_customer_records') }}

),

known as (

    select
        *,
        max(case when not has_just_come then effective_at end) over (partition by email) as known_until
    from records

),

-- What a person said last, and what has just come.
compared as (

    select
        *,
        case when has_just_come or effective_at = known_until then 1 end as is_compared
    from known

),

-- Nothing changes if what has just come can be read, is later than what was known, and says the same.
judged as (

    select
        *,
        bool_or(has_just_come) over (partition by email)
        and (
            bool_or(has_just_come and (known_until is null or effective_at <= known_until)) over (partition by email)
            or bool_or(is_compared = 1 and not is_readable) over (partition by email)
            {%- for column in ['birth_day', 'serial_number', 'research_consent_at'] %}
            or min(case when is_compared = 1 then {{ column }} end) over (partition by email)
            != max(case when is_compared = 1 then {{ column }} end) over (partition by email)
            or count(case when is_compared = 1 then {{ column }} end) over (partition by email)
            not in (0, count(is_compared) over (partition by email))
            {%- endfor %}
        ) as has_changed
    from compared

),

-- A device that a changed person ever named may have another owner, at any time, and so may what others have of it.
concerned as (

    select
        email,
        serial_number,
        coalesce(has_changed, false) as has_changed,
        coalesce(bool_or(has_changed) over (partition by serial_number), false)
        and serial_number is not null as has_changed_device
    from judged

),

with_readings as (

    select
        email,
        case when {{ has_readings('serial_number') }} then serial_number end as serial_number,
        bool_or(
            (has_changed and {{ has_readings('email') }})
            or (has_changed_device and {{ has_readings('serial_number') }})
        ) over (partition by email) as is_concerned
    from concerned

),

named as (

    select distinct
        kinds.kind,
        case kinds.kind when 'person' then with_readings.email else with_readings.serial_number end as identifier
    from with_readings
    cross join (values ('person'), ('device')) as kinds (kind)
    where with_readings.is_concerned

),

final as (

    select
        named.identifier,
        customers.customer_id
    from named
    left join {{ ref('stg_customers') }} as customers
        on
            named.identifier = customers.email
            and named.kind = 'person'
    where named.identifier is not null

)

select * from final
