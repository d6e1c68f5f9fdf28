-- Law 1. If this breaks, the ledger names other readings as used than those in trusted.
-- A nightly build skips this, because it would have to read the whole history.
{% set looks = upkeep().is_whole | string | lower %}
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
        and noted_at = (select max(releases.noted_at) from {{ ref('releases') }} as releases)

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
