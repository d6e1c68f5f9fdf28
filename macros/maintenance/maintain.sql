{# A maintenance that was killed is put right by the next one. #}
{% macro maintain(folders=[]) %}
    {%- if builds_may_overlap() -%}
        {%- do _note_maintenance() -%}
    {%- endif -%}
    {%- set tables = _tables_of_the_project() -%}
    {%- do remove_files_of_no_table(tables | map(attribute='relation') | list, folders) -%}
    {%- for table in tables -%}
        {%- do compact_table(table.relation, table.node) -%}
    {%- endfor -%}
    {%- if builds_may_overlap() -%}
        {%- do note_build('ended') -%}
    {%- endif -%}
    {# Last, because nothing may be written after it. #}
    {%- do compact_database() -%}
    {{ log(tables | length ~ " tables maintained.", info=true) }}
{% endmacro %}

{#- Noted as a build is, so that of two that begin at once at least one sees the other. -#}
{% macro _note_maintenance() -%}
    {%- set builds = relation_of('builds') -%}
    {%- if load_relation(builds) is none -%}
        {{ exceptions.raise_compiler_error(
            "There is no table " ~ builds ~ " yet, so a running build could not be noticed. Nothing has been changed. Run "
            ~ "`dbt build` first."
        ) }}
    {%- endif -%}
    {%- do note_build('maintaining') -%}
    {%- do stop_while_another_runs(events_since_last_completed(builds)) -%}
{%- endmacro %}

{#- The tables that exist, each with the node of its model or seed, in the order of their names. -#}
{% macro _tables_of_the_project() -%}
    {%- set tables = [] -%}
    {%- for node in graph.nodes.values() | sort(attribute='unique_id')
        if node.resource_type in ('model', 'seed') and node.package_name == project_name -%}
        {%- set relation = load_relation(
            api.Relation.create(database=node.database, schema=node.schema, identifier=node.alias)
        ) -%}
        {%- if relation is not none and not relation.is_view -%}
            {%- do tables.append({'relation': relation, 'node': node}) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(tables) }}
{%- endmacro %}
