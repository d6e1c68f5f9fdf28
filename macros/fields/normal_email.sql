{# ' Ann@Example.com' gives 'ann@example.com'. Composed twice: what lower case makes of a letter depends on its form. #}
{% macro normal_email(text) -%}
    {{ nfc('lower(' ~ nfc(trimmed(text)) ~ ')') }}
{%- endmacro %}
