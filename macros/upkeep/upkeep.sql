{% macro upkeep() -%}
    {%- set is_build = execute and flags.WHICH in ('run', 'build') and model is defined
        and model.resource_type in ('model', 'test') -%}
    {{ return(graph.get('upkeep') if is_build and 'upkeep' in graph else {'is_whole': true}) }}
{%- endmacro %}

{% macro is_new(column='ingest_date') -%}
    {{ 'true' if upkeep().is_whole else column ~ " >= date '" ~ upkeep().first_new_day ~ "'" }}
{%- endmacro %}

{# Compares texts with a literal, so that an engine opens no other day's folder. #}
{% macro is_newly_landed() -%}
    {{ 'true' if upkeep().is_whole else "ingest_date >= '" ~ upkeep().first_new_day ~ "'" }}
{%- endmacro %}

{% macro node_of(name) -%}
    {%- for node in graph.nodes.values() if node.resource_type == 'model' and node.name == name -%}
        {{ return(node) }}
    {%- endfor -%}
    {{ return(none) }}
{%- endmacro %}

{% macro relation_of(name) -%}
    {%- set node = node_of(name) -%}
    {{ return(api.Relation.create(database=node.database, schema=node.schema, identifier=node.alias)) }}
{%- endmacro %}

{% macro count_once(question, query) -%}
    {%- if question not in graph.upkeep -%}
        {%- do graph.upkeep.update({question: run_query('select count(*) ' ~ query).rows[0][0]}) -%}
    {%- endif -%}
    {{ return(graph.upkeep[question]) }}
{%- endmacro %}
