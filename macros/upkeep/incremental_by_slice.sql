{#
    A table kept up by slices. In a whole build it is made anew, as a `table` is. In every other one each of the slices that
    the model names (macros/upkeep/slices.sql) is taken out of the table and put in again as the model's SQL gives it now.

    The model's SQL knows nothing of this: the slice's condition stands around it, and the engine moves it to where the
    data is. A build that is killed between the two statements is put right by the next, which finds the same slices: they
    are reckoned from the last build that was completed. In between less is shared, never more.

    Configuration
      slices   names of slices, in the order in which they are replaced
      appends  true: rows are only ever added, in a whole build as well
      rewrites true, of one that appends: a whole build writes all of its rows anew, those that the model's SQL keeps of
               them (has_rows_to_keep), so that no file holds others
    A column that the model has and the table lacks is added; rows that stand there have null in it until they are replaced.
    One that the table has and the model's description lacks stops the model before any row is taken out.
#}
{% materialization incremental_by_slice, default %}
    {%- set existing = load_relation(this) -%}
    {%- set appends = config.get('appends', false) -%}
    {%- if existing is none or existing.is_view
        or (upkeep().is_whole and (not appends or config.get('rewrites', false))) -%}
        {{ return(context['materialization_table_' ~ adapter.type()]()) }}
    {%- endif -%}

    {%- set target_relation = this.incorporate(type='table') -%}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}

    {%- set columns = _with_new_columns(target_relation) | join(', ') -%}
    {%- set conditions = ['true'] if appends else [] -%}
    {%- for slice in config.get('slices', []) -%}
        {%- set condition = context['slice_' ~ slice]() -%}
        {%- if condition is not none -%}{%- do conditions.append(condition) -%}{%- endif -%}
    {%- endfor -%}

    {%- for condition in conditions -%}
        {%- if not appends -%}
            {%- call statement('take_out') -%}
                delete from {{ target_relation }} where {{ condition }}
            {%- endcall -%}
        {%- endif -%}
        {%- call statement('main') -%}
            insert into {{ target_relation }} ({{ columns }})
            select {{ columns }} from (
            {{ compiled_code }}
            ) as computed
            where {{ condition }}
        {%- endcall -%}
    {%- else -%}
        {%- do store_raw_result('main', message='NOTHING NEW', code='NOTHING NEW', rows_affected=0) -%}
    {%- endfor -%}

    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {# An engine's own commit may drop a description that it did not write. #}
    {%- do persist_docs(target_relation, model) -%}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}

{# The table's columns, after those that only the model's description has were added to it. #}
{% macro _with_new_columns(relation) -%}
    {%- set names = adapter.get_columns_in_relation(relation) | map(attribute='name') | list -%}
    {%- for name in names if name not in model.columns -%}
        {{ exceptions.raise_compiler_error(
            relation.identifier ~ " has a column " ~ name ~ " that the model's YAML lacks. Describe it there; or, where the "
            ~ "model has it no longer, build with --full-refresh, by which it goes."
        ) }}
    {%- endfor -%}
    {%- for column in model.columns.values() if column.name not in names -%}
        {%- if not column.data_type -%}
            {{ exceptions.raise_compiler_error(
                relation.identifier ~ " has no column " ~ column.name ~ " yet. Give its data_type in the model's YAML, "
                ~ "so that it can be added; or build with --full-refresh."
            ) }}
        {%- endif -%}
        {%- do add_column(relation, column.name, column.data_type) -%}
        {%- do names.append(column.name) -%}
    {%- endfor -%}
    {{ return(names) }}
{%- endmacro %}
