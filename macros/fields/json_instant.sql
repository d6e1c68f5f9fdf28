{# '1704067200000' gives 2024-01-01 00:00; '1704067200000.0', '"1704067200000"' and '-1' give null. #}
{% macro json_instant(value) -%}
    case
            -- an integer is written the one way that a bigint is; cast alone takes 1.5 in one engine
            when
                cast(try_cast({{ value }} as bigint) as varchar) = {{ value }}
                and try_cast({{ value }} as bigint) between 0 and 4102444799999
                then {{ timestamp_from_epoch_ms('try_cast(' ~ value ~ ' as bigint)') }}
        end
{%- endmacro %}
