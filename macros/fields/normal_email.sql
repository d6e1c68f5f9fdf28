{# ' Ann@Example.com' gives 'ann@example.com'. Composed last, because lower case may decompose. #}
{% macro normal_email(text) -%}
    {{ nfc('lower(' ~ trimmed(text) ~ ')') }}
{%- endmacro %}
