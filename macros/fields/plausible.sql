{#
    Seconds or microseconds taken for milliseconds, 0, and clocks that run ahead are not plausible: accepted, a consent in
    seconds would cover everything since 1970.
#}
{% macro plausible(time) -%}
    case when {{ time }} >= {{ earliest_time() }} and {{ time }} <= {{ end_of_day('ingest_date') }} then {{ time }} end
{%- endmacro %}

{% macro earliest_time() -%}
    timestamp '{{ var('earliest_time') }} 00:00:00.000000'
{%- endmacro %}

{# Times have milliseconds, so that the last one of a day comes before the first one of the next. #}
{% macro end_of_day(date) -%}
    cast({{ date }} as timestamp) + interval '86399.999' second
{%- endmacro %}

{# Later than every time, and one that both engines have. #}
{% macro end_of_time() -%}
    timestamp '9999-12-31 00:00:00.000000'
{%- endmacro %}
