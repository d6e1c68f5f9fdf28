{# Columns of stg_customer_records. #}
{% macro is_refusal() -%}
    (research_consent_at is null or is_unclear)
{%- endmacro %}
