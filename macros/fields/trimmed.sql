{#
    A text without the blanks around it: spaces, tabs, line feeds and carriage returns. Named one by one because the
    engines' own trim() differ in what a blank is.

    text  an expression for a text
#}
{% macro trimmed(text) -%}
    {%- set blanks = ["' '", 'chr(9)', 'chr(10)', 'chr(13)'] -%}
    case
            when {% for blank in blanks %}strpos({{ text }}, {{ blank }}) > 0{{ ' or ' if not loop.last }}{% endfor %}
                then trim({{ blanks | join(' || ') }} from {{ text }})
            else {{ text }}
        end
{%- endmacro %}
