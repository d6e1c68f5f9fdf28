{#
    How a new table takes the old one's place. dbt-athena renames the old table to <table>__bkp and the new one to <table>,
    then drops the backup: in between there is no table, and a build killed there leaves none until the next. Here <table>
    never goes: its Glue entry is pointed at the new files in one call, which is how Iceberg itself commits.
#}
{% macro rename_relation(from_relation, to_relation) %}
    {{ return(adapter.dispatch('rename_relation')(from_relation, to_relation)) }}
{% endmacro %}

{#
    The first call makes the backup: an entry that only notes where the old files lie, so that whoever drops it deletes them
    (the next build, if this one is killed). The second call replaces the table. The adapter's swap_table needs the
    PartitionKeys of the new entry; where Glue does not give them, both calls rename.
#}
{% macro athena__rename_relation(from_relation, to_relation) %}
    {%- if to_relation.identifier.endswith('__bkp') -%}
        {%- set new = from_relation.incorporate(path={'identifier': from_relation.identifier ~ '__ha'}) -%}
        {%- if 'PartitionKeys' in (adapter.get_glue_table(new) or {}).get('Table', {}) -%}
            {% call statement('note_old_files') -%}
                create external table {{ to_relation.render_hive() }} (`unread` string)
                location '{{ adapter.get_glue_table_location(from_relation) }}'
            {%- endcall %}
        {%- else -%}
            {{ dbt.athena__rename_relation(from_relation, to_relation) }}
        {%- endif -%}
    {%- elif adapter.get_glue_table(to_relation) is none -%}
        {{ dbt.athena__rename_relation(from_relation, to_relation) }}
    {%- else -%}
        {%- do adapter.swap_table(from_relation, to_relation) -%}
        {%- do adapter.delete_from_glue_catalog(from_relation) -%}
        {# Glue keeps former entries as versions. #}
        {%- do adapter.expire_glue_table_versions(to_relation, 1, False) -%}
    {%- endif -%}
{% endmacro %}

{# DuckDB has transactions. #}
{% macro duckdb__rename_relation(from_relation, to_relation) %}
    {{ dbt.duckdb__rename_relation(from_relation, to_relation) }}
{% endmacro %}
