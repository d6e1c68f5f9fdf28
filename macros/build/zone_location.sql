{# On DuckDB, where all tables share one file, nothing reads it. #}
{% macro zone_location(zone) -%}
    {{ return((target.s3_data_dir or '') ~ zone) }}
{%- endmacro %}
