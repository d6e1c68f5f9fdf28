{#
    Milliseconds since 1970-01-01 UTC as a timestamp(6) without zone. Iceberg on Athena takes no other precision.

    timestamp_from_epoch_ms('milliseconds')
      duckdb  epoch_ms(milliseconds)
      athena  date_add('millisecond', milliseconds, timestamp '1970-01-01 00:00:00.000000')
#}
{% macro timestamp_from_epoch_ms(milliseconds) -%}
    {{ return(adapter.dispatch('timestamp_from_epoch_ms')(milliseconds)) }}
{%- endmacro %}

{% macro duckdb__timestamp_from_epoch_ms(milliseconds) -%}
    epoch_ms({{ milliseconds }})
{%- endmacro %}

{% macro athena__timestamp_from_epoch_ms(milliseconds) -%}
    date_add('millisecond', {{ milliseconds }}, timestamp '1970-01-01 00:00:00.000000')
{%- endmacro %}
