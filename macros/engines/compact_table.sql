{#
    duckdb  nothing: the file that all tables share is compacted instead (compact_database)
    athena  a table with former states is copied, and the copy takes its place as in a build

    OPTIMIZE and VACUUM are not enough: the metadata of the state that OPTIMIZE makes lists the files that it replaced, with
    the least and greatest value of every column, and no statement of Athena's rewrites that list.
#}
{% macro compact_table(relation, node) -%}
    {{ return(adapter.dispatch('compact_table')(relation, node)) }}
{%- endmacro %}

{% macro duckdb__compact_table(relation, node) -%}
{%- endmacro %}

{% macro athena__compact_table(relation, node) -%}
    {%- set name = relation.schema ~ '.' ~ relation.identifier -%}
    {%- if _athena_has_former_states(relation) -%}
        {%- do _athena_replace_by_copy(relation, node) -%}
        {{ log("Maintained " ~ name ~ ": rewritten", info=true) }}
    {%- else -%}
        {{ log("Maintained " ~ name ~ ": it has no former state", info=true) }}
    {%- endif -%}
{%- endmacro %}

{#- A table fresh from a full refresh has one state, whose manifests list no replaced file. -#}
{% macro _athena_has_former_states(relation) -%}
    {%- set table = '"' ~ relation.schema ~ '"."' ~ relation.identifier -%}
    {%- set found = run_query(
        'select (select count(*) from ' ~ table ~ '$snapshots") as states, (select count(*) from ' ~ table
        ~ '$manifests" where deleted_data_files_count > 0) as lists'
    ).rows[0] -%}
    {{ return(found[0] > 1 or found[1] > 0) }}
{%- endmacro %}

{#-
    Readers find the table or its copy at any moment. If this is killed, its remains have an entry <table>__..., and the
    next maintenance removes them.
-#}
{% macro _athena_replace_by_copy(relation, node) -%}
    {%- set successor = relation.incorporate(path={'identifier': relation.identifier ~ '__ha'}) -%}
    {%- set former = relation.incorporate(path={'identifier': relation.identifier ~ '__bkp'}) -%}
    {%- set former_place = adapter.get_glue_table_location(relation).rstrip('/') -%}
    {%- set place = former_place.rsplit('/', 1)[0] ~ '/' ~ invocation_id -%}
    {%- set columns = node.config.get('partitioned_by') or [] -%}
    {%- set partitioning = ", partitioning = array['" ~ columns | join("', '") ~ "']" if columns else '' -%}
    {%- do run_query(
        "create table " ~ successor ~ " with (table_type = 'iceberg', is_external = false, format = 'parquet', "
        ~ "location = '" ~ place ~ "'" ~ partitioning ~ ") as select * from " ~ relation
    ) -%}
    {%- do rename_relation(relation, former) -%}
    {%- do rename_relation(successor, relation) -%}
    {%- do drop_relation_glue(former) -%}
    {%- do adapter.persist_docs_to_glue(
        relation=relation, model=node, persist_relation_docs=true, persist_column_docs=true,
        skip_archive_table_version=true
    ) -%}
{%- endmacro %}
