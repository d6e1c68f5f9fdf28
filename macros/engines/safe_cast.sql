{#
    Overrides dbt's macro.

      duckdb  cast(null as timestamp)
      athena  try_cast(null as timestamp(6)): a view's columns have types without precision, and a plain timestamp has
              milliseconds, which Iceberg does not take
#}
{% macro safe_cast(field, type) -%}
    {{ return(adapter.dispatch('safe_cast')(field, type)) }}
{%- endmacro %}

{% macro duckdb__safe_cast(field, type) -%}
    cast({{ field }} as {{ type }})
{%- endmacro %}

{% macro athena__safe_cast(field, type) -%}
    try_cast({{ field }} as {{ 'timestamp(6)' if type == 'timestamp' else dml_data_type(type) }})
{%- endmacro %}
