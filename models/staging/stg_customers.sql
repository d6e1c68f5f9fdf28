{{ config(
    materialized='incremental_by_slice',
    slices=['people_with_new_records'],
    pre_hook='{{ keep_former_customer_ids() }}',
) }}

with

records as (

    select * from {{ ref('stg_customer_records') }}

),

pseudonym_key as (

    select * from {{ source('restricted', 'pseudonym_key') }}

),

-- There is no erasure key before the first erasure.
erasure_key as (

    select max(erasure_key) as erasure_key from {{ source('restricted', 'erasure_key') }}

),

erasures as (

    select * from {{ source('restricted', 'erasures') }}

),

-- What holds now, and when the last refusal ended, on every record of the person.
held as (

    select
        *,
        bool_or(is_unclear and superseded_at is null) over (partition by email) as is_now_unclear,
        max(case when {{ is_refusal() }} and superseded_at > effective_at then superseded_at end)
            over (partition by email) as refused_until,
        row_number() over (
            partition by email
            order by
                case when is_readable and claimed_until is null then 0 else 1 end,
                case when superseded_at is null then 0 else 1 end
        ) as place
    from records

),

-- The last record that can be read; where none can, a row that knows only the email.
latest as (

    select
        *,
        case
            when research_consent_at is not null and not is_now_unclear
                then greatest(research_consent_at, coalesce(refused_until, research_consent_at))
        end as covered_from
    from held
    where place = 1

),

final as (

    select
        {{ pseudonym('latest.email', 'pseudonym_key.pseudonym_key') }} as customer_id,
        latest.email,
        latest.customer_name,
        latest.phone,
        latest.birth_day,
        latest.serial_number,
        latest.registered_at,
        latest.updated_at,
        latest.research_consent_at,
        latest.public_consent_at,
        latest.friends_consent_at,
        latest.covered_from,
        latest.is_now_unclear as is_unclear,
        {{ was_minor('latest.birth_day', 'latest.research_consent_at') }} as was_minor,
        erasures.erasure is not null as is_erased
    from latest
    cross join pseudonym_key
    cross join erasure_key
    left join erasures on {{ pseudonym('latest.email', 'erasure_key.erasure_key') }} = erasures.erasure

)

select * from final
