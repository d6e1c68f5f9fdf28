{#
    What a test looks at. `dbt test`, and every build that makes the tables anew, look at everything. A nightly build looks
    at the rows that it has replaced: what was delivered, and all that there is of people whose consent or device changed.

    relation  a table
    by        its column that tells whose a row is: customer_id, email or serial_number
    slice     the slice of what was delivered (macros/upkeep/slices.sql)

    Two selects and not an `or`, which would have the history read.
#}
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

{#
    What dbt's generic tests look at. Takes the place of dbt's macro: in a nightly build they look at what was delivered,
    where the table says when that was.
#}
{% macro get_where_subquery(relation) -%}
    {%- set wheres = [config.get('where')] if config.get('where') else [] -%}
    {%- set node = node_of(relation.identifier) if execute else none -%}
    {%- if not upkeep().is_whole and node -%}
        {%- if 'ingest_date' in node.columns -%}
            {%- do wheres.append(is_new()) -%}
        {%- elif 'ingest_month' in node.columns -%}
            {%- do wheres.append(slice_delivered_months() or 'false') -%}
        {%- elif 'days_of_new_readings' in node.config.get('slices', []) -%}
            {%- do wheres.append(slice_days_of_new_readings() or 'false') -%}
        {%- endif -%}
    {%- endif -%}
    {{ return('(select * from ' ~ relation ~ ' where ' ~ wheres | join(' and ') ~ ') as dbt_subquery' if wheres else relation) }}
{%- endmacro %}
