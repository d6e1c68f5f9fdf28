{{ config(meta={'nightly_scan': 0.04}) }}

select
    source,
    identifier,
    customer_id,
    reason,
    cast(sum(readings) as bigint) as readings
from {{ ref('decisions_by_month') }}
group by source, identifier, customer_id, reason
