{#
    A slice is the part of a table that could differ from a full refresh. A model's `slices` names them, and
    incremental_by_slice replaces them. Each is a condition on the model's own columns that holds for the old rows and for
    the new ones alike; none where nothing can have changed.
#}

{% macro slice_landed() -%}
    {{ return(is_new()) }}
{%- endmacro %}

{% macro slice_delivered() -%}
    {{ return(is_new() if new_lines(model.config.get('delivered_by')) else none) }}
{%- endmacro %}

{% macro slice_delivered_months() -%}
    {{ return("ingest_month >= date '" ~ (upkeep().first_new_day | string)[:7] ~ "-01'" if new_lines() else none) }}
{%- endmacro %}

{% macro slice_delivered_readings() -%}
    {%- set lines = model.config.get('delivered_by') -%}
    {%- if not new_lines(lines) -%}
        {{ return(none) }}
    {%- endif -%}
    {{ return(is_new() ~ " and " ~ days_of_slice()) }}
{%- endmacro %}

{% macro days_of_slice() -%}
    {%- if upkeep().is_whole or 'delivered_readings' not in model.config.get('slices', []) or load_relation(this) is none -%}
        {{ return(none) }}
    {%- endif -%}
    {{ return(on_days_of('read_at', model.config.get('delivered_by'))) }}
{%- endmacro %}

{% macro days_of_new(source) -%}
    {%- if upkeep().is_whole or source == 'customer' or load_relation(this) is none -%}
        {{ return('true') }}
    {%- endif -%}
    {{ return(on_days_of('read_at', [source ~ '_lines'])) }}
{%- endmacro %}

{% macro slice_people_with_new_lines() -%}
    {%- if not new_lines(['customer_lines']) -%}
        {{ return(none) }}
    {%- endif -%}
    {%- set named -%}
        select email from {{ relation_of('customer_lines') }} where {{ is_new() }}
        union
        select email from {{ relation_of('unreadable_records') }} where {{ is_new() }}
    {%- endset -%}
    {{ return("email in (" ~ named ~ ")") }}
{%- endmacro %}

{% macro slice_people_with_new_records() -%}
    {%- set new_records = "from " ~ relation_of('stg_customer_records') ~ " where " ~ is_new() -%}
    {{ return(
        "email in (select email " ~ new_records ~ ")" if count_once('new records', new_records) else none
    ) }}
{%- endmacro %}

{% macro slice_changed_people() -%}
    {{ return(_changed('customer_id')) }}
{%- endmacro %}

{% macro slice_changed_identifiers() -%}
    {{ return(_changed('identifier')) }}
{%- endmacro %}

{% macro _changed(column) -%}
    {%- set changed = "from " ~ relation_of('changed_identifiers') ~ " where " ~ column ~ " is not null" -%}
    {{ return(
        column ~ " in (select " ~ column ~ " " ~ changed ~ ")" if count_once('changed ' ~ column, changed) else none
    ) }}
{%- endmacro %}

{% macro slice_days_of_new_readings() -%}
    {%- set days = on_days_of('read_at', ['accelerometer_trusted', 'step_trainer_trusted']) -%}
    {{ return(none if days == 'false' else days) }}
{%- endmacro %}

{% macro new_lines(models=none) -%}
    {%- for name in models or ['customer_lines', 'accelerometer_lines', 'step_trainer_lines'] -%}
        {%- if count_once('new ' ~ name, "from " ~ relation_of(name) ~ " where " ~ is_new()) -%}
            {{ return(true) }}
        {%- endif -%}
    {%- endfor -%}
    {{ return(false) }}
{%- endmacro %}

{# Literals, so that an engine skips the files of all other days by the least and greatest time of each file. #}
{% macro on_days_of(column, models) -%}
    {%- set question = column ~ ' of ' ~ models | join(', ') -%}
    {%- if question not in graph.upkeep -%}
        {%- do graph.upkeep.update({question: _on_days_of(column, models)}) -%}
    {%- endif -%}
    {{ return(graph.upkeep[question]) }}
{%- endmacro %}

{# Days that follow each other form one span; beyond fifty spans the rest are taken together. #}
{% macro _on_days_of(column, models) -%}
    {%- set days = [] -%}
    {%- for name in models -%}
        {%- set query -%}
            select distinct cast({{ column }} as date) as day from {{ relation_of(name) }}
            where {{ is_new() }} and {{ column }} is not null
        {%- endset -%}
        {%- for row in run_query(query).rows -%}
            {%- do days.append(row[0]) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- set one_day = modules.datetime.timedelta(days=1) -%}
    {%- set spans = [] -%}
    {%- for day in days | unique | sort -%}
        {%- if spans and (spans[-1][1] == day or spans | length == 50) -%}
            {%- do spans.append((spans.pop()[0], day + one_day)) -%}
        {%- else -%}
            {%- do spans.append((day, day + one_day)) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- set conditions = [] -%}
    {%- for first, after in spans -%}
        {%- do conditions.append(
            column ~ " >= timestamp '" ~ first ~ " 00:00:00.000000' and "
            ~ column ~ " < timestamp '" ~ after ~ " 00:00:00.000000'"
        ) -%}
    {%- endfor -%}
    {{ return('(' ~ conditions | join(' or ') ~ ')' if conditions else 'false') }}
{%- endmacro %}
