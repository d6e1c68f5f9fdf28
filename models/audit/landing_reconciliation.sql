{{ config(
    materialized='incremental_by_slice',
    slices=['delivered'],
    meta={'nightly_scan': 0.3},
) }}

{#- Each of the four is counted by itself, so that they may fail to add up. -#}
{%- set sources = {
    'customer': ('stg_customer_records', [
        'email', 'customer_name', 'phone', 'birth_day', 'serial_number', 'registered_at', 'updated_at',
        'research_consent_at', 'public_consent_at', 'friends_consent_at',
    ]),
    'accelerometer': ('stg_accelerometer', ['email', 'read_at', 'x', 'y', 'z']),
    'step_trainer': ('stg_step_trainer', ['serial_number', 'read_at', 'distance']),
} %}
with

lines as (
    {% for source in sources %}
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

accepted as (
    {% for source, (model, _) in sources.items() %}
    select
        '{{ source }}' as source,
        ingest_date,
        count(*) as accepted
    from {{ ref(model) }}
    {{ 'where is_readable' if source == 'customer' }}
    group by ingest_date
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

repeated as (
    {% for source, (_, key) in sources.items() %}
    {%- set accepted = 'rejection_reason is null and ' ~ days_of_new(source) %}
    select
        '{{ source }}' as source,
        ingest_date,
        count(*) as duplicate
    from ({{ repeated_lines(ref(source ~ '_lines'), key, accepted) }}) as copies
    group by ingest_date
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

final as (

    select
        lines.source,
        lines.ingest_date,
        lines.landed,
        coalesce(accepted.accepted, 0) as accepted,
        coalesce(repeated.duplicate, 0) as duplicate,
        lines.rejected
    from lines
    left join accepted
        on
            lines.source = accepted.source
            and lines.ingest_date = accepted.ingest_date
    left join repeated
        on
            lines.source = repeated.source
            and lines.ingest_date = repeated.ingest_date

)

select * from final
