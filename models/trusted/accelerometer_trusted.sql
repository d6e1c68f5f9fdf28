with

decisions as (

    select * from {{ ref('accelerometer_decisions') }}

),

final as (

    select
        ingest_date,
        customer_id,
        read_at,
        x,
        y,
        z
    from decisions
    where withholding_reason is null

)

select * from final
