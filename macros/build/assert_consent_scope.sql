{# Stops a run whose consent_scope is neither of the two: a misspelt one must not widen what is released. #}
{% macro assert_consent_scope() %}
    {%- if var('consent_scope') not in ('since_consent', 'any_time') -%}
        {{ exceptions.raise_compiler_error(
            "consent_scope is '" ~ var('consent_scope') ~ "'. Say since_consent or any_time (see dbt_project.yml)."
        ) }}
    {%- endif -%}
{% endmacro %}
