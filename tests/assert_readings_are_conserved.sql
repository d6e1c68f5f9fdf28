-- Law 3. If this breaks, readings have vanished between staging and trusted, or stand there twice.
with

accepted as (

    select
        source,
        sum(accepted) as readings
    from {{ ref('landing_reconciliation') }}
    group by source

),

decided as (

    select
        source,
        sum(readings) as readings,
        sum(case when reason = 'released' then readings else 0 end) as released
    from {{ ref('consent_funnel') }}
    group by source

),

trusted as (

    select 'accelerometer' as source, count(*) as readings from {{ ref('accelerometer_trusted') }}
    union all
    select 'step_trainer' as source, count(*) as readings from {{ ref('step_trainer_trusted') }}

)

select
    trusted.source,
    accepted.readings as accepted,
    decided.readings as decided,
    decided.released,
    trusted.readings as trusted
from trusted
left join accepted on trusted.source = accepted.source
left join decided on trusted.source = decided.source
where
    coalesce(accepted.readings, 0) != coalesce(decided.readings, 0)
    or coalesce(decided.released, 0) != trusted.readings
