{#
    A text without the blanks around it: spaces, tabs, line feeds and carriage returns. Named one by one because the
    engines' own trim() differ in what a blank is.

    text  an expression for a text
#}
{% macro trimmed(text) -%}
    trim(' ' || chr(9) || chr(10) || chr(13) from {{ text }})
{%- endmacro %}
