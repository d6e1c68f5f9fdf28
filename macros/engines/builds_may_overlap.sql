{#
    duckdb  no: the writing process locks the file, and the lock ends with the process
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
