{#
    The number in a JSON text, as a double. Null where the text is no number, or one beyond a double (1e400).

    value  an expression for the JSON text of one value, as landing_fields gives it

    '1.50' gives 1.5, '-0.0' gives 0.0 (the same reading must not differ by a sign); '"1.5"' and 'true' give null.
#}
{% macro json_number(value) -%}
    case
            when abs(try_cast({{ value }} as double)) <= 1.7976931348623157e308
                then try_cast({{ value }} as double) + 0.0
        end
{%- endmacro %}
