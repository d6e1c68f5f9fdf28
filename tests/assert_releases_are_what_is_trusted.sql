-- Law 1. If this breaks, the ledger names other readings as used than those in trusted.
-- A nightly build skips this, because it would have to read the whole history.
-- A build without readings notes nothing: the newest rows are then those of the build before it.
{% set looks = upkeep().is_whole | string | lower %}
{% set is_noted_now = execute and flags.WHICH in ('run', 'build')
    and node_of('releases').unique_id in selected_resources %}
with

newest as (

    select max(noted_at) as noted_at from {{ ref('releases') }}

),

without_readings as (

    select count(*) as builds
    from {{ ref('builds') }} as builds
    inner join newest on builds.happened_at > newest.noted_at
    where
        builds.status = 'completed'
        and builds.build_id not in (select releases.build_id from {{ ref('releases') }} as releases)

),

noted as (

    select
        releases.source,
        releases.customer_id,
        releases.readings
    from {{ ref('releases') }} as releases
    cross join newest
    cross join without_readings
    where
        {{ looks }}
        and releases.reason = 'released'
        and {{ "releases.build_id = '" ~ invocation_id ~ "'" if is_noted_now
            else 'releases.noted_at = newest.noted_at and without_readings.builds = 0' }}

),

trusted as (
    {% for source in ['accelerometer', 'step_trainer'] %}
    select
        '{{ source }}' as source,
        customer_id,
        count(*) as readings
    from {{ ref(source ~ '_trusted') }}
    where {{ looks }}
    group by customer_id
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

{{ differences(
    ['source', 'customer_id', 'readings'], 'noted', 'noted and not trusted', 'trusted', 'trusted and not noted',
) }}
