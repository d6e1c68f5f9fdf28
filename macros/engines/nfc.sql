{#
    Unicode's composed form: "é" as one character, not as "e" and an accent.

      duckdb  nfc_normalize(text)
      athena  normalize(text), whose default is NFC
#}
{% macro nfc(text) -%}
    {{ return(adapter.dispatch('nfc')(text)) }}
{%- endmacro %}

{% macro duckdb__nfc(text) -%}
    nfc_normalize({{ text }})
{%- endmacro %}

{% macro athena__nfc(text) -%}
    normalize({{ text }})
{%- endmacro %}
