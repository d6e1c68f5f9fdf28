{#
    The folder of a zone's tables in the data lake, for a model's `s3_data_dir`. On DuckDB, where all tables share one
    file, nothing reads it.

    zone  '<entity>/<zone>', as in zone_location('customer/trusted')
#}
{% macro zone_location(zone) -%}
    {{ return((target.s3_data_dir or '') ~ zone) }}
{%- endmacro %}
