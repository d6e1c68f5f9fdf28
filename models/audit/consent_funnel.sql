select
    source,
    reason,
    cast(sum(readings) as bigint) as readings
from {{ ref('decisions_by_month') }}
group by source, reason
