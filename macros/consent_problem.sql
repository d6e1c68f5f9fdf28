{#
    The branches of a case that withhold a reading for want of consent: the one place that says what consent covers.

    consent_at  since when the person shares for research, null where the person does not
    read_at     when the reading was taken

    A reading taken at the very moment of consent is covered. With `consent_scope: any_time` so is every reading of a
    person who consents now.
#}
{% macro consent_problem(consent_at, read_at) -%}
    when {{ consent_at }} is null then 'no_consent'
    {%- if var('consent_scope') == 'since_consent' %}
            when {{ read_at }} < {{ consent_at }} then 'before_consent'
    {%- endif %}
{%- endmacro %}
