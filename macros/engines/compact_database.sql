{#
    Makes the files anew that all tables share, and tells what that came to.

      duckdb  deleted rows stay in the file, and CHECKPOINT does not remove them: a function of the plugin
              (scripts/duckdb_file.py) writes the rows that there are to a new file and puts it in the old one's place
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
