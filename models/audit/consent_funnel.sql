{# A view: it reads only a few counts. #}
{{ config(materialized='view') }}

select
    source,
    reason,
    cast(sum(readings) as bigint) as readings
from {{ ref('decisions_by_identifier') }}
group by source, reason
