{# A misspelt var must not widen what is released. #}
{% macro assert_vars() %}
    {%- if var('consent_scope') not in ('since_consent', 'any_time') -%}
        {{ exceptions.raise_compiler_error(
            "unknown consent_scope '" ~ var('consent_scope') ~ "'; expected since_consent or any_time (see dbt_project.yml)"
        ) }}
    {%- endif -%}
    {%- if not modules.re.fullmatch('(19[7-9]|20)[0-9]+-[01][0-9]-[0-3][0-9]', var('earliest_time') | string)
        or var('earliest_time') | string | length != 10 -%}
        {{ exceptions.raise_compiler_error(
            "earliest_time '" ~ var('earliest_time') ~ "' is not a date such as 2010-01-01 (see dbt_project.yml)"
        ) }}
    {%- endif -%}
    {%- if var('minimum_age') is not integer or var('minimum_age') < 0 -%}
        {{ exceptions.raise_compiler_error(
            "minimum_age '" ~ var('minimum_age') ~ "' is not a whole number of years; 0 means no limit (see dbt_project.yml)"
        ) }}
    {%- endif -%}
{% endmacro %}

{#
    The vars that decide what is released, as the table builds notes them: tables that were built under others must be
    rebuilt.
#}
{% macro release_rules() -%}
    {%- set rules = [var('consent_scope')] -%}
    {%- if var('minimum_age') -%}{%- do rules.append('minimum_age ' ~ var('minimum_age')) -%}{%- endif -%}
    {%- if var('earliest_time') | string != '2010-01-01' -%}
        {%- do rules.append('earliest_time ' ~ var('earliest_time')) -%}
    {%- endif -%}
    {{ return(rules | join(', ')) }}
{%- endmacro %}
