{#
    The email in a JSON text in its normal form: lower case, no blanks around it. Null where the text is no string of
    something, one @ and something.

    value  an expression for the JSON text of one value, as landing_fields gives it

    '" Ann@Example.com\t"' gives ann@example.com; '"ann@"', '"a@b@c"' and '7' give null.
#}
{% macro json_email(value) -%}
    {%- set email = 'lower(' ~ trimmed(json_string(value)) ~ ')' -%}
    case when {{ email }} like '%_@_%' and {{ email }} not like '%@%@%' then {{ email }} end
{%- endmacro %}
