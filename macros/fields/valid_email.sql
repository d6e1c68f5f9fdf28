{# 'ann@example.com' stays; 'ann@' and 'a@b@c' give null. #}
{% macro valid_email(email) -%}
    case when {{ email }} like '%_@_%' and {{ email }} not like '%@%@%' then {{ email }} end
{%- endmacro %}
