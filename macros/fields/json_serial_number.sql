{#
    The serial number in a JSON text, as it stands: with another blank it is another device. Null where the text is no
    string, or one of blanks.

    value  an expression for the JSON text of one value, as landing_fields gives it
#}
{% macro json_serial_number(value) -%}
    case when {{ trimmed(json_string(value)) }} != '' then {{ json_string(value) }} end
{%- endmacro %}
