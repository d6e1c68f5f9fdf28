{# Overrides dbt-duckdb's macro, which refuses the `partitioned_by` that is meant for Athena. #}
{% macro get_partitioned_by(relation, temporary) -%}
    {{ return(adapter.dispatch('get_partitioned_by')(relation, temporary)) }}
{%- endmacro %}

{% macro duckdb__get_partitioned_by(relation, temporary) -%}
    {{ return(none) }}
{%- endmacro %}

{# dbt-athena reads the config itself. #}
{% macro athena__get_partitioned_by(relation, temporary) -%}
    {{ return(config.get('partitioned_by')) }}
{%- endmacro %}
