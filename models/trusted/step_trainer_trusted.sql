{{ config(
    materialized='incremental_by_slice',
    slices=['delivered', 'changed_people'],
    delivered_by=['step_trainer_lines'],
    partitioned_by=['bucket(customer_id, 32)'],
    s3_data_dir=zone_location('step_trainer/trusted'),
    meta={'nightly_scan': 0.08},
) }}

{# `releases` notes what is released before anybody can read it. #}
{{ build_after('changed_identifiers', 'releases') }}

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
