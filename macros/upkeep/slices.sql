{#
    Slices: the rows of a table that may not be as a whole build would have them. A model's `slices` (dbt_project.yml)
    names them; incremental_by_slice replaces them. Each is a condition on the model's own columns, that holds as well
    of the rows that stand there as of those that should; none where nothing can have changed.
#}

{# What landed since the last complete build; the lines themselves, which nobody has looked at yet. #}
{% macro slice_landed() -%}
    {{ return(is_new()) }}
{%- endmacro %}

{# What came with the new lines, of all entities or of the model's `delivered_by`. #}
{% macro slice_delivered() -%}
    {{ return(is_new() if new_lines(model.config.get('delivered_by')) else none) }}
{%- endmacro %}

{# The months of it. #}
{% macro slice_delivered_months() -%}
    {{ return("ingest_month >= date '" ~ (upkeep().first_new_day | string)[:7] ~ "-01'" if new_lines() else none) }}
{%- endmacro %}

{# The same for readings, which meet only readings of their own days: one of them may have been delivered before. #}
{% macro slice_delivered_readings() -%}
    {%- set lines = model.config.get('delivered_by') -%}
    {%- if not new_lines(lines) -%}
        {{ return(none) }}
    {%- endif -%}
    {{ return(is_new() ~ " and " ~ days_of_slice()) }}
{%- endmacro %}

{# The part of that condition which holds of what the model reads as well; none for another slice, and for a table made anew. #}
{% macro days_of_slice() -%}
    {%- if upkeep().is_whole or 'delivered_readings' not in model.config.get('slices', []) or load_relation(this) is none -%}
        {{ return(none) }}
    {%- endif -%}
    {{ return(on_days_of('read_at', model.config.get('delivered_by'))) }}
{%- endmacro %}

{# The same for customer records, which meet only records of their own people. #}
{% macro slice_delivered_records() -%}
    {%- if not new_lines(['customer_lines']) -%}
        {{ return(none) }}
    {%- endif -%}
    {{ return(is_new() ~ " and email in (select email from " ~ relation_of('customer_lines') ~ " where " ~ is_new() ~ ")") }}
{%- endmacro %}

{# People of whom a new record came. #}
{% macro slice_people_with_new_records() -%}
    {%- set new_records = "from " ~ relation_of('stg_customer_records') ~ " where " ~ is_new() -%}
    {{ return(
        "email in (select email " ~ new_records ~ ")" if count_once('new records', new_records) else none
    ) }}
{%- endmacro %}

{# People whose consent or devices may have changed: all of their rows. #}
{% macro slice_changed_people() -%}
    {{ return(_changed('customer_id')) }}
{%- endmacro %}

{# The same where a row is known by what its readings say of a person: an email, or a serial number. #}
{% macro slice_changed_identifiers() -%}
    {{ return(_changed('identifier')) }}
{%- endmacro %}

{% macro _changed(column) -%}
    {%- set changed = "from " ~ relation_of('changed_identifiers') ~ " where " ~ column ~ " is not null" -%}
    {{ return(
        column ~ " in (select " ~ column ~ " " ~ changed ~ ")" if count_once('changed ' ~ column, changed) else none
    ) }}
{%- endmacro %}

{# Moments at which a new trusted reading was taken, to the day: what meets there is looked at again. #}
{% macro slice_days_of_new_readings() -%}
    {%- set days = on_days_of('read_at', ['accelerometer_trusted', 'step_trainer_trusted']) -%}
    {{ return(none if days == 'false' else days) }}
{%- endmacro %}

{# Whether any line is new of these models, which are built. #}
{% macro new_lines(models=none) -%}
    {%- for name in models or ['customer_lines', 'accelerometer_lines', 'step_trainer_lines'] -%}
        {%- if count_once('new ' ~ name, "from " ~ relation_of(name) ~ " where " ~ is_new()) -%}
            {{ return(true) }}
        {%- endif -%}
    {%- endfor -%}
    {{ return(false) }}
{%- endmacro %}

{#
    The condition that a time lies on a day on which the new rows of some models have one. Literals, by which an engine passes
    over the files of all other days (it keeps the least and the greatest time of each file). Days that follow on each
    other are one span; beyond fifty spans they are taken together.
#}
{% macro on_days_of(column, models) -%}
    {%- set question = column ~ ' of ' ~ models | join(', ') -%}
    {%- if question not in graph.upkeep -%}
        {%- do graph.upkeep.update({question: _on_days_of(column, models)}) -%}
    {%- endif -%}
    {{ return(graph.upkeep[question]) }}
{%- endmacro %}

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
