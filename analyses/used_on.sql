{{ config(group='lakehouse') }}

-- What was used on a day and under which consent: what the last completed build before that day had released, by
-- person. A later withdrawal does not change it.  dbt show --select used_on --vars 'day: 2026-01-31' --limit 100
with

last_build as (

    select max(releases.noted_at) as noted_at
    from {{ ref('releases') }} as releases
    inner join {{ ref('builds') }} as builds on releases.build_id = builds.build_id
    where
        builds.status = 'completed'
        and releases.noted_at < timestamp '{{ var("day", "2026-01-31") }} 00:00:00'

),

final as (

    select
        releases.customer_id,
        releases.source,
        releases.readings,
        releases.research_consent_at,
        releases.noted_at
    from {{ ref('releases') }} as releases
    inner join last_build on releases.noted_at = last_build.noted_at
    where releases.reason = 'released'

)

select * from final
