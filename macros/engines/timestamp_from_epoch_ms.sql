{#
    Iceberg on Athena takes no other precision than timestamp(6).

      duckdb  epoch_ms(milliseconds)
      athena  timestamp '1970-01-01 00:00:00.000000' + milliseconds * interval '0.001' second
              date_add takes at most 2,147,483,647 of any unit; from_unixtime depends on the session's time zone
#}
{% macro timestamp_from_epoch_ms(milliseconds) -%}
    {{ return(adapter.dispatch('timestamp_from_epoch_ms')(milliseconds)) }}
{%- endmacro %}

{% macro duckdb__timestamp_from_epoch_ms(milliseconds) -%}
    epoch_ms({{ milliseconds }})
{%- endmacro %}

{% macro athena__timestamp_from_epoch_ms(milliseconds) -%}
    timestamp '1970-01-01 00:00:00.000000' + {{ milliseconds }} * interval '0.001' second
{%- endmacro %}
