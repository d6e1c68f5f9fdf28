-- Law 3. If this breaks, readings have vanished between staging and trusted, or are there twice.
with

accepted as (

    select
        source,
        sum(accepted) as readings
    from {{ ref('landing_reconciliation') }}
    where {{ is_new() }}
    group by source

),

decided as (

    select
        source,
        sum(readings) as readings,
        sum(case when reason = 'released' then readings else 0 end) as released
    from {{ ref('decisions_by_day') }}
    where {{ is_new() }}
    group by source

),

trusted as (

    {% for source in ['accelerometer', 'step_trainer'] %}
    select
        '{{ source }}' as source,
        count(*) as readings
    from {{ ref(source ~ '_trusted') }}
    where {{ is_new() }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

)

select
    trusted.source,
    accepted.readings as accepted,
    decided.readings as decided,
    decided.released,
    trusted.readings as in_trusted
from trusted
left join accepted on trusted.source = accepted.source
left join decided on trusted.source = decided.source
where
    coalesce(accepted.readings, 0) != coalesce(decided.readings, 0)
    or coalesce(decided.released, 0) != trusted.readings
