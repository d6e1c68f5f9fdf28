select
    source,
    reason,
    cast(sum(readings) as bigint) as readings
from {{ ref('decision_counts') }}
group by source, reason
