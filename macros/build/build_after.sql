{# Refs are noted only when the project is parsed, so that unit tests need no rows for those models. #}
{% macro build_after() -%}
    {%- if not execute -%}
        {%- for name in varargs -%}
            {%- do ref(name) -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}
