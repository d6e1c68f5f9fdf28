{#
    duckdb  CHECKPOINT leaves deleted rows in the file, so a function of the plugin (stedi.duckdb_target.compaction) copies
            the rows that remain to a new file and puts it in place of the old one
    athena  nothing: no two tables share a file
#}
{% macro compact_database() -%}
    {{ return(adapter.dispatch('compact_database')()) }}
{%- endmacro %}

{% macro duckdb__compact_database() -%}
    {%- set bytes = run_query("select compact_database()").rows[0][0].split() | map('int') | list -%}
    {{ log("{:,} bytes reclaimed: the file had {:,} and has {:,}.".format(bytes[0] - bytes[1], *bytes), info=true) }}
{%- endmacro %}

{% macro athena__compact_database() -%}
{%- endmacro %}
