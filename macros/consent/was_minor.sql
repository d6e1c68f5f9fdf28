{# Who turns that age on the day of consent is old enough; whose birthday is not known may be too young. #}
{% macro was_minor(birth_day, consent_at) -%}
    {%- if var('minimum_age') -%}
        coalesce(cast({{ birth_day }} + interval '{{ var('minimum_age') }}' year as date) > cast({{ consent_at }} as date), true)
    {%- else -%}
        false
    {%- endif -%}
{%- endmacro %}
