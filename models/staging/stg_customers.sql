{{ config(
    materialized='incremental_by_slice',
    slices=['people_with_new_records'],
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

-- Of two records with the same time, the one without consent counts, then the later consent: when in doubt, less is
-- shared. The other columns only make the choice the same every time.
ranked as (

    select
        *,
        row_number() over (
            partition by email
            order by
                updated_at desc,
                research_consent_at desc nulls first,
                serial_number asc nulls first,
                customer_name asc nulls first,
                phone asc nulls first,
                birth_day asc nulls first,
                registered_at asc nulls first,
                public_consent_at asc nulls first,
                friends_consent_at asc nulls first
        ) as recency
    from records

),

final as (

    select
        {{ pseudonym('ranked.email', 'pseudonym_key.pseudonym_key') }} as customer_id,
        ranked.email,
        ranked.customer_name,
        ranked.phone,
        ranked.birth_day,
        ranked.serial_number,
        ranked.registered_at,
        ranked.updated_at,
        ranked.research_consent_at,
        ranked.public_consent_at,
        ranked.friends_consent_at,
        erasures.erasure is not null as is_erased
    from ranked
    cross join pseudonym_key
    cross join erasure_key
    left join erasures on {{ pseudonym('ranked.email', 'erasure_key.erasure_key') }} = erasures.erasure
    where ranked.recency = 1

)

select * from final
