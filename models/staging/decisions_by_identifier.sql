{{ config(meta={'nightly_scan': 0.04}) }}

select
    source,
    identifier,
    email,
    reason,
    cast(sum(readings) as bigint) as readings
from {{ ref('decisions_by_month') }}
group by source, identifier, email, reason
