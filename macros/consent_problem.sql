{#
    The branches of a case that withhold a reading for lack of consent: the one place that says what consent covers. A
    reading taken at the very moment of consent is covered.
#}
{% macro consent_problem(consent_at, read_at) -%}
    when {{ consent_at }} is null then 'no_consent'
    {%- if var('consent_scope') == 'since_consent' %}
            when {{ read_at }} < {{ consent_at }} then 'before_consent'
    {%- endif %}
{%- endmacro %}
