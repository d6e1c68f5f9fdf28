{# A model's schema is its layer's, the same in every environment; a folder that has none in dbt_project.yml fails. #}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {%- if custom_schema_name is none and node.resource_type in ('model', 'seed') -%}
        {{ exceptions.raise_compiler_error(
            node.original_file_path ~ " lies in a folder without a schema. Add `+schema:` for it in dbt_project.yml, "
            ~ "so that who may read it is decided."
        ) }}
    {%- endif -%}
    {{ custom_schema_name or target.schema }}
{%- endmacro %}
