{{ config(
    materialized='incremental_by_slice',
    slices=['delivered', 'changed_people'],
    delivered_by=['accelerometer_lines'],
    partitioned_by=['bucket(customer_id, 32)'],
    s3_data_dir=zone_location('accelerometer/trusted'),
    meta={'nightly_scan': 0.12},
) }}

{# `releases` notes what is released before anybody can read it. #}
{{ build_after('changed_identifiers', 'releases') }}

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
