{# '8015551212' and '8015551212.0' give '8015551212'; '"8015551212"', '1.5' and '-1' give null. #}
{% macro json_digits(value) -%}
    case
            when
                try_cast({{ value }} as double) between 0 and 9007199254740991
                and try_cast({{ value }} as double) = floor(try_cast({{ value }} as double))
                then cast(cast(try_cast({{ value }} as double) as bigint) as varchar)
        end
{%- endmacro %}
