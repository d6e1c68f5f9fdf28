{% macro json_string(value) -%}
    {{ return(adapter.dispatch('json_string')(value)) }}
{%- endmacro %}

{% macro duckdb__json_string(value) -%}
    case
            when not {{ value }} like '"%' then null
            when contains({{ value }}, '\') then json_extract_string({{ value }}, '$')
            else replace({{ value }}, '"', '')
        end
{%- endmacro %}

{% macro athena__json_string(value) -%}
    case when {{ value }} like '"%' then json_extract_scalar({{ value }}, '$') end
{%- endmacro %}
