{#
    Writes a table's rows anew without those that were deleted, and removes files of former states.

    relation  a table
    node      the model or seed that it is of
    seconds   for how long former states are kept

      duckdb  nothing: the file that all tables share is compacted (compact_database)
      athena  0 seconds: a table that has a former state is copied and replaced by its copy, as a build replaces it
              more: OPTIMIZE and VACUUM, each again for as long as Athena asks for another run

    OPTIMIZE and VACUUM alone would not do: the metadata of the state that OPTIMIZE makes lists the files that it
    replaced, each with the least and the greatest value of every column, and no statement of Athena's makes another
    list. By its own thresholds OPTIMIZE leaves files alone of which few rows were deleted, and tables of few files; so
    those are set lower.
#}
{% macro compact_table(relation, node, seconds) -%}
    {{ return(adapter.dispatch('compact_table')(relation, node, seconds)) }}
{%- endmacro %}

{% macro duckdb__compact_table(relation, node, seconds) -%}
{%- endmacro %}

{% macro athena__compact_table(relation, node, seconds) -%}
    {%- set name = relation.schema ~ '.' ~ relation.identifier -%}
    {%- if seconds > 0 -%}
        {%- do _athena_optimize_and_vacuum(relation, name, seconds) -%}
        {{ log("Maintained " ~ name, info=true) }}
    {%- elif _athena_has_former_states(relation) -%}
        {%- do _athena_replace_by_copy(relation, node) -%}
        {{ log("Maintained " ~ name ~ ": made anew", info=true) }}
    {%- else -%}
        {{ log("Maintained " ~ name ~ ": it has no former state", info=true) }}
    {%- endif -%}
{%- endmacro %}

{% macro _athena_optimize_and_vacuum(relation, name, seconds) -%}
    {%- set properties = {
        'optimize_rewrite_data_file_threshold': 1,
        'optimize_rewrite_delete_file_threshold': 1,
        'vacuum_max_snapshot_age_seconds': seconds,
        'vacuum_min_snapshots_to_keep': 1,
        'vacuum_max_metadata_files_to_keep': 1,
    } -%}
    {%- set pairs = [] -%}
    {%- for property, value in properties.items() -%}
        {%- do pairs.append("'" ~ property ~ "' = '" ~ value ~ "'") -%}
    {%- endfor -%}
    {%- do run_query("alter table " ~ relation.render_hive() ~ " set tblproperties (" ~ pairs | join(', ') ~ ")") -%}
    {%- do adapter.run_operation_with_potential_multiple_runs(
        "optimize " ~ name ~ " rewrite data using bin_pack", 'optimize'
    ) -%}
    {%- do adapter.run_operation_with_potential_multiple_runs("vacuum " ~ name, 'vacuum') -%}
{%- endmacro %}

{#- A table as a build makes it has one state, whose list names no file that was replaced. -#}
{% macro _athena_has_former_states(relation) -%}
    {%- set table = '"' ~ relation.schema ~ '"."' ~ relation.identifier -%}
    {%- set found = run_query(
        'select (select count(*) from ' ~ table ~ '$snapshots") as states, (select count(*) from ' ~ table
        ~ '$manifests" where deleted_data_files_count > 0) as lists'
    ).rows[0] -%}
    {{ return(found[0] > 1 or found[1] > 0) }}
{%- endmacro %}

{#-
    Whoever reads meanwhile finds the table or its copy. What is left where this is killed has an entry <table>__…, by which
    it goes the next time.
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
