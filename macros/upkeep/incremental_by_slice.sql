{#
    A table that nightly builds keep up to date slice by slice. A full refresh rebuilds it like a `table`. Any other build
    deletes each of the model's slices (macros/upkeep/slices.sql) from the table and inserts it again as the model's SQL
    gives it now.

    The model's SQL knows nothing of this: the slice's condition stands around it, and the engine pushes it down to the
    data. If a build is killed between the two statements, the next one repairs it: it finds the same slices, because they
    are counted from the last completed build. Until then the table holds fewer rows, never more.

    Configuration
      slices    names of slices, in the order in which they are replaced
      appends   true: rows are only ever added, by a full refresh too
      rewrites  true, for a model that appends: a full refresh rewrites the rows that the model's SQL keeps of the table
                (has_rows_to_keep), so that no file holds others
    A column that the model has and the table lacks is added; old rows have null in it until they are replaced. A column
    that the table has and the model's YAML lacks stops the model before any row is deleted.
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
    {# A commit of the engine may drop descriptions that it did not write. #}
    {%- do persist_docs(target_relation, model) -%}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}

{#- The table's columns, after adding those that only the model's YAML has. -#}
{% macro _with_new_columns(relation) -%}
    {%- set names = adapter.get_columns_in_relation(relation) | map(attribute='name') | list -%}
    {%- for name in names if name not in model.columns -%}
        {{ exceptions.raise_compiler_error(
            relation.identifier ~ " has a column " ~ name ~ " that the model's YAML lacks. Describe it there; or, if the "
            ~ "model no longer has it, build with --full-refresh to drop it."
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
