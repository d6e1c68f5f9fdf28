{{ config(
    materialized='incremental_by_slice',
    appends=true,
    rewrites=true,
    slices=[],
    meta={'nightly_scan': 0.06},
) }}

with

decided as (

    select * from {{ ref('decisions_by_identifier') }}

),

customers as (

    select * from {{ ref('stg_customers') }}

),

devices as (

    select * from {{ ref('stg_devices') }}

),

by_person as (

    select
        decided.source,
        decided.reason,
        decided.readings,
        customers.customer_id,
        customers.research_consent_at
    from decided
    left join customers on decided.identifier = customers.email
    where decided.source = 'accelerometer'

    union all

    select
        decided.source,
        decided.reason,
        decided.readings,
        devices.customer_id,
        devices.research_consent_at
    from decided
    left join devices on decided.identifier = devices.serial_number
    where decided.source = 'step_trainer'

),

final as (

    select
        '{{ invocation_id }}' as build_id,
        {{ now_utc() }} as noted_at,
        customer_id,
        source,
        reason,
        research_consent_at,
        cast(sum(readings) as bigint) as readings
    from by_person
    group by customer_id, source, reason, research_consent_at
    {%- if has_rows_to_keep() %}

    union all

    -- Of people who have been erased since an earlier build, only counts stay: no record names them any more.
    select
        noted.build_id,
        noted.noted_at,
        customers.customer_id,
        noted.source,
        noted.reason,
        case when customers.customer_id is not null then noted.research_consent_at end as research_consent_at,
        noted.readings
    from {{ this }} as noted
    left join customers on noted.customer_id = customers.customer_id
    {%- endif %}

)

select * from final
