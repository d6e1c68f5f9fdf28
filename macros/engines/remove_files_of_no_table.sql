{#
    duckdb  nothing: there are no such files
    athena  entries named <table>__... of tables that exist, which killed builds left; and the folders, unless a table lies
            in one by now
#}
{% macro remove_files_of_no_table(tables, folders) -%}
    {{ return(adapter.dispatch('remove_files_of_no_table')(tables, folders)) }}
{%- endmacro %}

{% macro duckdb__remove_files_of_no_table(tables, folders) -%}
{%- endmacro %}

{% macro athena__remove_files_of_no_table(tables, folders) -%}
    {%- set names = tables | map(attribute='identifier') | list -%}
    {%- set places = [] -%}
    {%- for schema in tables | map(attribute='schema') | unique | list -%}
        {%- set known = api.Relation.create(database=tables[0].database, schema=schema) -%}
        {%- for relation in adapter.list_relations_without_caching(known) -%}
            {%- set parts = relation.identifier.split('__') -%}
            {%- if parts | length > 1 and parts[0] in names and relation.identifier not in names -%}
                {%- do drop_relation_glue(relation) -%}
                {{ log("Removed " ~ relation.schema ~ "." ~ relation.identifier ~ ", left by an interrupted build", info=true) }}
            {%- else -%}
                {%- do places.append((adapter.get_glue_table_location(relation) or '').rstrip('/') ~ '/') -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- for folder in folders -%}
        {%- set address = folder.rstrip('/') ~ '/' -%}
        {%- set inside = [] -%}
        {%- for place in places if place.startswith(address) or address.startswith(place) -%}
            {%- do inside.append(place) -%}
        {%- endfor -%}
        {%- if '/landing/' in address or '/restricted/' in address -%}
            {{ exceptions.raise_compiler_error(address ~ " holds no built tables; nothing there has been removed.") }}
        {%- elif inside == [] -%}
            {%- do adapter.delete_from_s3(address) -%}
            {{ log("Removed " ~ address ~ ", in which no table lies", info=true) }}
        {%- endif -%}
    {%- endfor -%}
{%- endmacro %}
