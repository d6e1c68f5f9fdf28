{# A misspelt scope must not widen what is released. #}
{% macro assert_consent_scope() %}
    {%- if var('consent_scope') not in ('since_consent', 'any_time') -%}
        {{ exceptions.raise_compiler_error(
            "unknown consent_scope '" ~ var('consent_scope') ~ "'; expected since_consent or any_time (see dbt_project.yml)"
        ) }}
    {%- endif -%}
{% endmacro %}
