{# Not written out: who wants it reads a few counts. #}
{{ config(materialized='view') }}

select
    source,
    reason,
    cast(sum(readings) as bigint) as readings
from {{ ref('decisions_by_month') }}
group by source, reason
