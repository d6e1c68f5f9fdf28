{#
    Overrides dbt-athena's macro, which would delete the files of a table that stays: after a build was killed while it
    replaced a table, the backup or the successor lies where the table itself lies.
#}
{% macro drop_relation_glue(relation) %}
    {{ return(adapter.dispatch('drop_relation_glue')(relation)) }}
{% endmacro %}

{% macro athena__drop_relation_glue(relation) %}
    {%- set table = relation.incorporate(path={'identifier': relation.identifier.split('__')[0]}) -%}
    {%- set place = (adapter.get_glue_table_location(relation) or '').rstrip('/') -%}
    {%- set kept = (adapter.get_glue_table_location(table) or '').rstrip('/') -%}
    {%- if table.identifier == relation.identifier or place != kept -%}
        {%- do adapter.clean_up_table(relation) -%}
    {%- endif -%}
    {%- do adapter.delete_from_glue_catalog(relation) -%}
{% endmacro %}

{# There is no Glue. #}
{% macro duckdb__drop_relation_glue(relation) %}
{% endmacro %}
