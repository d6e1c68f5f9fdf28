{#
    Writes a table's rows anew without those that were deleted, and removes files of former states.

    relation  a table
    seconds   for how long former states are kept

      duckdb  nothing: the file that all tables share is compacted (compact_database)
      athena  OPTIMIZE and VACUUM, each again for as long as Athena asks for another run. By its own thresholds OPTIMIZE
              leaves files alone of which few rows were deleted, and tables of few files; so they are set lower first
#}
{% macro compact_table(relation, seconds) -%}
    {{ return(adapter.dispatch('compact_table')(relation, seconds)) }}
{%- endmacro %}

{% macro duckdb__compact_table(relation, seconds) -%}
{%- endmacro %}

{% macro athena__compact_table(relation, seconds) -%}
    {%- set name = relation.schema ~ '.' ~ relation.identifier -%}
    {%- set properties = {
        'optimize_rewrite_data_file_threshold': 1,
        'optimize_rewrite_delete_file_threshold': 1,
        'vacuum_max_snapshot_age_seconds': [seconds, 1] | max,
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
    {{ log("Maintained " ~ name, info=true) }}
{%- endmacro %}
