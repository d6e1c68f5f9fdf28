{#
    Blanks are spaces, tabs, line feeds and carriage returns, named one by one because the engines' own trim() differ. Most
    texts have none, and looking is faster than trimming.
#}
{% macro trimmed(text) -%}
    {%- set blanks = ["' '", 'chr(9)', 'chr(10)', 'chr(13)'] -%}
    case
            when {% for blank in blanks %}strpos({{ text }}, {{ blank }}) > 0{{ ' or ' if not loop.last }}{% endfor %}
                then trim({{ blanks | join(' || ') }} from {{ text }})
            else {{ text }}
        end
{%- endmacro %}
