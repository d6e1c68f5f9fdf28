{# Whether this is a whole build of a model that appends, and its table has rows of earlier builds. #}
{% macro has_rows_to_keep() -%}
    {{ return(
        execute and flags.WHICH in ('run', 'build') and model.resource_type == 'model' and upkeep().is_whole
        and load_relation(this) is not none
    ) }}
{%- endmacro %}
