with

decisions as (

    select * from {{ ref('step_trainer_decisions') }}

),

final as (

    select
        ingest_date,
        customer_id,
        read_at,
        distance
    from decisions
    where withholding_reason is null

)

select * from final
