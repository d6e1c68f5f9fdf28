{#
    The condition that a consent covers a reading, as law 1 has it. The tests' own; the models' is consent_problem.

    consent_at  since when the person shares for research, null where the person does not
    read_at     when the reading was taken
#}
{% macro covered_by(consent_at, read_at) -%}
    {{ consent_at }} is not null
    {%- if var('consent_scope') != 'any_time' %} and not ({{ read_at }} < {{ consent_at }}){% endif %}
{%- endmacro %}
