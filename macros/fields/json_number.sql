{# '1.50' gives 1.5, '-0.0' gives 0.0 (equal readings must not differ by a sign); '"1.5"' and 'true' give null. #}
{% macro json_number(value) -%}
    case
            when abs(try_cast({{ value }} as double)) <= 1.7976931348623157e308
                then try_cast({{ value }} as double) + 0.0
        end
{%- endmacro %}
