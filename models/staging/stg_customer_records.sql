{{ config(
    materialized='incremental_by_slice',
    slices=['people_with_new_lines'],
) }}

with

said as (

    select
        email,
        ingest_date,
        true as is_readable,
        customer_name,
        phone,
        birth_day,
        serial_number,
        registered_at,
        updated_at,
        research_consent_at,
        public_consent_at,
        friends_consent_at
    from {{ ref('customer_lines') }}
    where rejection_reason is null

    union all

    select
        email,
        ingest_date,
        false as is_readable,
        cast(null as varchar) as customer_name,
        cast(null as varchar) as phone,
        cast(null as date) as birth_day,
        cast(null as varchar) as serial_number,
        cast(null as timestamp(6)) as registered_at,
        updated_at,
        cast(null as timestamp(6)) as research_consent_at,
        cast(null as timestamp(6)) as public_consent_at,
        cast(null as timestamp(6)) as friends_consent_at
    from {{ ref('unreadable_records') }}

),

-- A clock that runs ahead cannot outrank what lands later. What lands again counts from its first landing, even if more
-- of it can be read by then, because a day that was in the future has come.
timed as (

    select
        *,
        case
            when updated_at is null then {{ end_of_day('ingest_date') }}
            else least(updated_at, {{ end_of_day('min(ingest_date) over (partition by email, updated_at)') }})
        end as effective_at
    from said

),

dated as (

    select
        email,
        is_readable,
        effective_at,
        customer_name,
        phone,
        birth_day,
        serial_number,
        registered_at,
        case when is_readable then updated_at end as updated_at,
        research_consent_at,
        public_consent_at,
        friends_consent_at,
        min(ingest_date) as ingest_date
    from timed
    group by
        email,
        is_readable,
        effective_at,
        customer_name,
        phone,
        birth_day,
        serial_number,
        registered_at,
        case when is_readable then updated_at end,
        research_consent_at,
        public_consent_at,
        friends_consent_at

),

-- Of records with the same time, the one without consent counts, then the later consent: when in doubt, less is shared.
-- The other columns only make the choice the same every time.
ranked as (

    select
        *,
        row_number() over (
            partition by email, effective_at
            order by
                is_readable desc,
                research_consent_at desc nulls first,
                serial_number asc nulls first,
                birth_day desc nulls first,
                customer_name asc nulls first,
                phone asc nulls first,
                registered_at asc nulls first,
                updated_at asc nulls first,
                public_consent_at asc nulls first,
                friends_consent_at asc nulls first
        ) as place,
        bool_or(not is_readable) over (partition by email, effective_at)
        and not bool_or(is_readable and research_consent_at is null) over (partition by email, effective_at)
            as is_unclear
    from dated

),

followed as (

    select
        *,
        min(case when place = 1 then effective_at end) over (
            partition by email
            order by effective_at desc, place desc
            rows between unbounded preceding and 1 preceding
        ) as next_at,
        min(case when place = 1 and is_readable then effective_at end) over (
            partition by email
            order by effective_at desc, place desc
            rows between unbounded preceding and 1 preceding
        ) as next_readable_at
    from ranked

),

-- What does not count is superseded at once, and an unreadable record claims no device.
final as (

    select
        email,
        ingest_date,
        is_readable,
        effective_at,
        case when place = 1 then next_at else effective_at end as superseded_at,
        case when place = 1 and is_readable then next_readable_at else effective_at end as claimed_until,
        is_unclear,
        customer_name,
        phone,
        birth_day,
        serial_number,
        registered_at,
        updated_at,
        research_consent_at,
        public_consent_at,
        friends_consent_at
    from followed

)

select * from final
