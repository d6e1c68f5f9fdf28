{#
    Overrides dbt-athena's macro, which makes Hive tables of what has no configuration of its own: the empty tables from
    which unit tests learn the types of columns. A Hive table holds no timestamp(6), and where the workgroup enforces its
    results folder it would lie among the query results.
#}
{% macro resolve_table_type() -%}
    {{ return(adapter.dispatch('resolve_table_type')()) }}
{%- endmacro %}

{% macro athena__resolve_table_type() -%}
    {{ return('iceberg') }}
{%- endmacro %}

{# There is only one type of table. #}
{% macro duckdb__resolve_table_type() -%}
    {{ return(none) }}
{%- endmacro %}
