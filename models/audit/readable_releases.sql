{# A view: it reads the ledger. #}
{{ config(materialized='view') }}

with

noted as (

    select * from {{ ref('releases') }}
    where reason = 'released'

),

completed as (

    select
        build_id,
        happened_at
    from {{ ref('builds') }}
    where status = 'completed'

),

-- What a build that broke off made readable stays so, beside what was readable before, until a build completes,
-- also one that releases nothing.
replaced as (

    select
        noted.build_id,
        min(completed.happened_at) as readable_until
    from noted
    left join completed on noted.noted_at < completed.happened_at and noted.build_id <> completed.build_id
    group by noted.build_id

),

final as (

    select
        noted.build_id,
        noted.noted_at as readable_from,
        replaced.readable_until,
        noted.customer_id,
        noted.source,
        noted.covered_from,
        noted.readings
    from noted
    left join replaced on noted.build_id = replaced.build_id

)

select * from final
