with

records as (

    select * from {{ ref('stg_customer_records') }}

),

-- Before a person's first consent there is nothing to withdraw.
dated as (

    select
        *,
        min(case when not {{ is_refusal() }} then effective_at end) over (partition by email) as first_consent_at
    from records
    where superseded_at is null or superseded_at > effective_at

),

final as (

    select
        email,
        effective_at as refused_from,
        superseded_at as refused_until
    from dated
    where {{ is_refusal() }} and superseded_at is not null and effective_at > first_consent_at

)

select * from final
