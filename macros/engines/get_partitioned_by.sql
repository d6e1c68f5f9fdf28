{#
    How a table of DuckDB's is partitioned: not at all. Takes the place of dbt-duckdb's macro, which refuses the
    `partitioned_by` that tells Athena how to.
#}
{% macro get_partitioned_by(relation, temporary) -%}
    {{ return(adapter.dispatch('get_partitioned_by')(relation, temporary)) }}
{%- endmacro %}

{% macro duckdb__get_partitioned_by(relation, temporary) -%}
    {{ return(none) }}
{%- endmacro %}

{# dbt-athena reads the configuration itself. #}
{% macro athena__get_partitioned_by(relation, temporary) -%}
    {{ return(config.get('partitioned_by')) }}
{%- endmacro %}
