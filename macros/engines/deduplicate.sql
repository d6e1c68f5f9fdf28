{#
    A query for one row per distinct key among the rows of a relation, with the earliest ingest_date that held it.

    relation  a relation
    key       its columns that make two rows the same
    where     which of its rows count

    deduplicate(ref('lines'), ['email', 'read_at'], 'rejection_reason is null')
      athena  a plain group by
      duckdb  the same, but only rows whose 64-bit hash occurs twice are grouped: grouping eight million readings by
              all their columns took 5 s and 1.5 GB here, finding the few that may be duplicates 0.6 s. Rows that
              share a hash by chance are told apart by the group by.

    Of readings a nightly build only needs those of its slice's days, and the engine does not find that out for itself where
    all are grouped.
#}
{% macro deduplicate(relation, key, where) -%}
    {%- set days = days_of_slice() -%}
    {{ return(adapter.dispatch('deduplicate')(relation, key, where ~ (' and ' ~ days if days else ''))) }}
{%- endmacro %}

{% macro athena__deduplicate(relation, key, where) %}
select
    {{ key | join(',\n    ') }},
    min(ingest_date) as ingest_date
from {{ relation }}
where {{ where }}
group by {{ key | join(', ') }}
{% endmacro %}

{% macro duckdb__deduplicate(relation, key, where) %}
with

repeated as (

    select hash({{ key | join(', ') }}) as fingerprint
    from {{ relation }}
    where {{ where }}
    group by fingerprint
    having count(*) > 1

)

select
    {{ key | join(',\n    ') }},
    ingest_date
from {{ relation }}
where {{ where }} and hash({{ key | join(', ') }}) not in (select fingerprint from repeated)

union all

select
    {{ key | join(',\n    ') }},
    min(ingest_date) as ingest_date
from {{ relation }}
where {{ where }} and hash({{ key | join(', ') }}) in (select fingerprint from repeated)
group by {{ key | join(', ') }}
{% endmacro %}
