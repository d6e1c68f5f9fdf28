-- Law 3. If this breaks, lines have vanished between the landing zone and staging, or were counted twice.
-- A nightly build does not read new lines twice for this: the next build counts them before it begins. To `dbt test`
-- between two builds, lines that landed since, on the newest day or a later one, are waiting for the next build.
with

landed as (
    {% for entity in ['customer', 'accelerometer', 'step_trainer'] %}
    select
        '{{ entity }}' as source,
        cast(ingest_date as date) as ingest_date,
        count(*) as landed
    from {{ source('landing', entity) }}
    where {{ 'true' if upkeep().is_whole else 'false' }}
    group by ingest_date
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

rejected as (

    select
        source,
        ingest_date,
        count(*) as rejected
    from {{ ref('rejected_lines') }}
    where {{ is_new() }}
    group by source, ingest_date

),

audited as (

    select * from {{ ref('landing_reconciliation') }}
    where {{ is_new() }}

)

select
    coalesce(landed.source, audited.source) as source,
    coalesce(landed.ingest_date, audited.ingest_date) as ingest_date,
    landed.landed,
    audited.landed as audited
from landed
full outer join audited
    on
        landed.source = audited.source
        and landed.ingest_date = audited.ingest_date
left join rejected
    on
        audited.source = rejected.source
        and audited.ingest_date = rejected.ingest_date
where
    (
        {{ upkeep().is_whole | string | lower }}
        and landed.landed is distinct from audited.landed
        and not (
            {{ (flags.WHICH == 'test') | string | lower }}
            and coalesce(landed.landed, 0) > coalesce(audited.landed, 0)
            and landed.ingest_date >= (select max(known.ingest_date) from {{ ref('landing_reconciliation') }} as known)
        )
    )
    or audited.landed != audited.accepted + audited.duplicate + audited.rejected
    or audited.rejected != coalesce(rejected.rejected, 0)
    or audited.duplicate < 0
