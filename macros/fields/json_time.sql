{#
    '1704067200000', '1704067200000.0' and '1.7040672e12' give 2024-01-01 00:00; '"1704067200000"', '1.5' and '-1' give
    null. Whatever is later than 2099 gives its last millisecond: timestamps end before JSON's numbers do.
#}
{% macro json_time(value) -%}
    case
            when
                try_cast({{ value }} as double) >= 0
                and try_cast({{ value }} as double) = floor(try_cast({{ value }} as double))
                and try_cast({{ value }} as double) <= 1.7976931348623157e308
                then {{ timestamp_from_epoch_ms(
                    'cast(least(try_cast(' ~ value ~ ' as double), 4102444799999e0) as bigint)'
                ) }}
        end
{%- endmacro %}
