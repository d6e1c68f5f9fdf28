{#
    The condition that readings of an email or a serial number had come before: only then is there something to decide
    otherwise. (Most new records are of people who have just registered.) Asks the counts of the last complete build; there
    are none in a whole build, and after one that broke off they may have been added up from a part of them.

    column  a column of emails or serial numbers
#}
{% macro has_readings(column) -%}
    {%- if upkeep().is_whole or upkeep().is_resumed -%}
        true
    {%- else -%}
        {{ column }} in (select counts.identifier from {{ relation_of('decisions_by_identifier') }} as counts)
    {%- endif -%}
{%- endmacro %}
