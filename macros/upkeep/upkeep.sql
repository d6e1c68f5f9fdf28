{#
    What a nightly build knows of the builds before it: a mapping, worked out once a run by begin_build().

    is_whole       whether every table is made anew from all that ever landed
    is_resumed     whether another was begun since the last complete one: tables may be half of that one's
    first_new_day  else: the first ingest_date that a table may not hold yet, 'YYYY-MM-DD'

    Whatever else dbt does (test, compile, docs, unit tests) sees a whole build: SQL without upkeep.
#}
{% macro upkeep() -%}
    {%- set is_build = execute and flags.WHICH in ('run', 'build') and model is defined
        and model.resource_type in ('model', 'test') -%}
    {{ return(graph.get('upkeep') if is_build and 'upkeep' in graph else {'is_whole': true}) }}
{%- endmacro %}

{#
    The condition that a row has come since the last complete build: true in a whole one.

    column  a column that holds an ingest_date
#}
{% macro is_new(column='ingest_date') -%}
    {{ 'true' if upkeep().is_whole else column ~ " >= date '" ~ upkeep().first_new_day ~ "'" }}
{%- endmacro %}

{#
    The condition that a landed line has come since then. A comparison of texts with a literal, so that an engine looks into
    no other day's folder.
#}
{% macro is_newly_landed() -%}
    {{ 'true' if upkeep().is_whole else "ingest_date >= '" ~ upkeep().first_new_day ~ "'" }}
{%- endmacro %}

{# The graph's node of a model, by the model's name; none where there is no such model. #}
{% macro node_of(name) -%}
    {%- for node in graph.nodes.values() if node.resource_type == 'model' and node.name == name -%}
        {{ return(node) }}
    {%- endfor -%}
    {{ return(none) }}
{%- endmacro %}

{# The relation of a model, for macros that no model's ref() reaches. #}
{% macro relation_of(name) -%}
    {%- set node = node_of(name) -%}
    {{ return(api.Relation.create(database=node.database, schema=node.schema, identifier=node.alias)) }}
{%- endmacro %}

{#
    How many rows a query finds, asked once a run.

    question  a name for the answer
    query     what to count, as from … where …
#}
{% macro count_once(question, query) -%}
    {%- if question not in graph.upkeep -%}
        {%- do graph.upkeep.update({question: run_query('select count(*) ' ~ query).rows[0][0]}) -%}
    {%- endif -%}
    {{ return(graph.upkeep[question]) }}
{%- endmacro %}
