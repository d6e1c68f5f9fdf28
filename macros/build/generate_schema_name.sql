{# A model's schema is its layer's, the same in every environment. It decides who may read the model. #}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {%- if custom_schema_name is none and node.resource_type in ('model', 'seed') -%}
        {{ exceptions.raise_compiler_error(
            node.original_file_path ~ " is in a folder without a schema. Give the folder a `+schema:` in dbt_project.yml; "
            ~ "it decides who may read the table."
        ) }}
    {%- endif -%}
    {{ custom_schema_name or target.schema }}
{%- endmacro %}
