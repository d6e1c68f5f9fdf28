{{ config(
    materialized='incremental_by_slice',
    slices=['delivered'],
    meta={'nightly_scan': 0.16},
) }}

with

lines as (
    {% for source in ['customer', 'accelerometer', 'step_trainer'] %}
    select
        '{{ source }}' as source,
        ingest_date,
        count(*) as landed,
        count(rejection_reason) as rejected
    from {{ ref(source ~ '_lines') }}
    group by ingest_date
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

records as (
    {% for source, model in {
        'customer': 'stg_customer_records',
        'accelerometer': 'stg_accelerometer',
        'step_trainer': 'stg_step_trainer',
    }.items() %}
    select
        '{{ source }}' as source,
        ingest_date,
        count(*) as accepted
    from {{ ref(model) }}
    group by ingest_date
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

final as (

    select
        lines.source,
        lines.ingest_date,
        lines.landed,
        coalesce(records.accepted, 0) as accepted,
        lines.landed - lines.rejected - coalesce(records.accepted, 0) as duplicate,
        lines.rejected
    from lines
    left join records
        on
            lines.source = records.source
            and lines.ingest_date = records.ingest_date

)

select * from final
