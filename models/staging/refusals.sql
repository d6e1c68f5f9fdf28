with

records as (

    select * from {{ ref('stg_customer_records') }}

),

final as (

    select
        email,
        effective_at as refused_from,
        superseded_at as refused_until
    from records
    where {{ is_refusal() }} and superseded_at > effective_at

)

select * from final
