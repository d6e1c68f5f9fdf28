{# The tests' own opinion of law 1; the models use consent_problem. #}
{% macro covered_by(consent_at, read_at) -%}
    {{ consent_at }} is not null
    {%- if var('consent_scope') != 'any_time' %} and not ({{ read_at }} < {{ consent_at }}){% endif %}
{%- endmacro %}
