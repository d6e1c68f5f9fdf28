{#
    An email in normal form, null where it is not something, one @ and something.

    email  a column of texts in lower case without blanks around them

    'ann@example.com' stays; 'ann@' and 'a@b@c' give null.
#}
{% macro valid_email(email) -%}
    case when {{ email }} like '%_@_%' and {{ email }} not like '%@%@%' then {{ email }} end
{%- endmacro %}
