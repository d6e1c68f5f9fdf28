{#
    Has dbt build a model after others that its SQL does not read. Only noted when the project is parsed, so that unit
    tests need no rows for those models.

    build_after('changed_identifiers', 'releases')
#}
{% macro build_after() -%}
    {%- if not execute -%}
        {%- for name in varargs -%}
            {%- do ref(name) -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}
