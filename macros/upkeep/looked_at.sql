{# Two selects and not an `or`, which would read the whole history. #}
{% macro looked_at(relation, by, slice='delivered') -%}
    {%- if upkeep().is_whole -%}
        {{ return(relation) }}
    {%- endif -%}
    {%- set delivered = is_new() if slice == 'delivered' else context['slice_' ~ slice]() or 'false' -%}
    {%- set changed = slice_changed_people() if by == 'customer_id' else slice_changed_identifiers() -%}
    (
        select * from {{ relation }} where {{ delivered }}
        {%- if changed is not none %}
        union all
        select * from {{ relation }} where not {{ delivered }} and {{ changed | replace('identifier in', by ~ ' in') }}
        {%- endif %}
    )
{%- endmacro %}

{# The same as a condition, for rows that do not come from a table. #}
{% macro is_looked_at(ingest_date, customer_id) -%}
    {%- if upkeep().is_whole -%}
        {{ return('true') }}
    {%- endif -%}
    {%- set changed = slice_changed_people() -%}
    ({{ is_new(ingest_date) }}{% if changed is not none %} or {{ changed | replace('customer_id in', customer_id ~ ' in') }}{% endif %})
{%- endmacro %}

{# Overrides dbt's macro, for generic tests. #}
{% macro get_where_subquery(relation) -%}
    {%- set wheres = [config.get('where')] if config.get('where') else [] -%}
    {%- set node = node_of(relation.identifier) if execute else none -%}
    {%- if not upkeep().is_whole and node and 'ingest_date' in node.columns -%}
        {%- do wheres.append(is_new()) -%}
    {%- endif -%}
    {{ return('(select * from ' ~ relation ~ ' where ' ~ wheres | join(' and ') ~ ') as dbt_subquery' if wheres else relation) }}
{%- endmacro %}
