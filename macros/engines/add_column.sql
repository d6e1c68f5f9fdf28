{#
    duckdb  alter table ... add column note varchar
    athena  alter table ... add columns (note string): data definition uses the names of Hive's types
#}
{% macro add_column(relation, column, data_type) -%}
    {{ return(adapter.dispatch('add_column')(relation, column, data_type)) }}
{%- endmacro %}

{% macro duckdb__add_column(relation, column, data_type) -%}
    {% do run_query("alter table " ~ relation ~ " add column " ~ column ~ " " ~ data_type) %}
{%- endmacro %}

{% macro athena__add_column(relation, column, data_type) -%}
    {% do alter_relation_add_columns(relation, [api.Column(column, data_type)], 'iceberg') %}
{%- endmacro %}
