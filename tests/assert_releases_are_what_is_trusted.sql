-- Law 1. If this breaks, the ledger names other readings as used than those in trusted.
-- A nightly build skips this, because it would have to read the whole history.
-- A build without readings notes nothing: the newest rows are then those of the build before it.
{% set looks = upkeep().is_whole | string | lower %}
{% set is_noted_now = execute and flags.WHICH in ('run', 'build')
    and node_of('releases').unique_id in selected_resources %}
with

noted as (

    select
        source,
        customer_id,
        readings
    from {{ ref('releases') }}
    where
        {{ looks }}
        and reason = 'released'
        {%- if is_noted_now %}
        and build_id = '{{ invocation_id }}'
        {%- else %}
        and noted_at = (select max(releases.noted_at) from {{ ref('releases') }} as releases)
        and not exists (
            select 1 from {{ ref('builds') }} as builds
            where
                builds.status = 'completed'
                and builds.happened_at > (select max(releases.noted_at) from {{ ref('releases') }} as releases)
                and builds.build_id not in (select releases.build_id from {{ ref('releases') }} as releases)
        )
        {%- endif %}

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
