{# Nothing reads it where all tables share one file. #}
{% macro zone_location(zone) -%}
    {{ return((target.s3_data_dir or '') ~ zone) }}
{%- endmacro %}
