{% macro has_rows_to_keep() -%}
    {{ return(
        execute and flags.WHICH in ('run', 'build') and model.resource_type == 'model' and upkeep().is_whole
        and load_relation(this) is not none
    ) }}
{%- endmacro %}
