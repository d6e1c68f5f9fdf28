{#
    Whether two builds may run on one lakehouse at once, so that the second must look for the first.

      duckdb  no: the file is locked by whoever writes, and freed when that process ends, however it does
      athena  yes
#}
{% macro builds_may_overlap() -%}
    {{ return(adapter.dispatch('builds_may_overlap')()) }}
{%- endmacro %}

{% macro duckdb__builds_may_overlap() -%}
    {{ return(false) }}
{%- endmacro %}

{% macro athena__builds_may_overlap() -%}
    {{ return(true) }}
{%- endmacro %}
