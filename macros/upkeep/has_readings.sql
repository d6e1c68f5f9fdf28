{#
    Most new records are of people who have just registered. The counts are those of the last completed build: a full refresh
    has none, and after an interrupted build they may be incomplete.
#}
{% macro has_readings(column) -%}
    {%- if upkeep().is_whole or upkeep().is_resumed -%}
        true
    {%- else -%}
        {{ column }} in (select counts.identifier from {{ relation_of('decisions_by_identifier') }} as counts)
    {%- endif -%}
{%- endmacro %}
