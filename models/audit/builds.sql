{{ config(
    materialized='incremental_by_slice',
    appends=true,
    slices=[],
) }}

{# The last table of a build, so that a completed build is noted only when every other one stands. #}
{{ build_after(
    'rejected_lines', 'landing_reconciliation', 'consent_funnel', 'consent_history', 'k_anonymity', 'customers_curated',
    'machine_learning_curated',
) }}

with

newest as (

    select max(ingest_date) as ingest_date
    from {{ ref('landing_reconciliation') }}
    {%- if not upkeep().is_whole %}
    where ingest_date >= date '{{ upkeep().newest_day }}'
    {%- endif %}

),

final as (

    select
        '{{ invocation_id }}' as build_id,
        'completed' as status,
        {{ now_utc() }} as happened_at,
        '{{ release_rules() }}' as consent_scope,
        {{ upkeep().is_whole | string | lower }} as is_whole,
        '{{ upkeep().key_id }}' as key_id,
        newest.ingest_date as newest_day,
        cast(sum(landed.landed) as bigint) as newest_lines,
        cast({{ upkeep().backfills or 0 }} as bigint) as backfills
    from newest
    left join {{ ref('landing_reconciliation') }} as landed on newest.ingest_date = landed.ingest_date
    where {{ 'true' if everything_is_selected() else 'false' }}
    group by newest.ingest_date

)

select * from final
