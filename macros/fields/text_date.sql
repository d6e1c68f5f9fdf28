{# '1950-01-31' gives that day; '1950-1-31', '31.1.1950' and '1950-02-30' give null. The engines take more, and not the same. #}
{% macro text_date(text) -%}
    case
            when {{ text }} like '____-__-__' and regexp_replace({{ text }}, '[^0-9-]', 'x') = {{ text }}
                then try_cast({{ text }} as date)
        end
{%- endmacro %}
