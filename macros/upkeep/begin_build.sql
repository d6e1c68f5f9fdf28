{#
    A build rebuilds everything if (1) --full-refresh is given, (2) no build has completed yet, or (3) since the last
    completed build another one began that was a full refresh or had another consent_scope: some tables may be its own.
#}
{% macro begin_build() %}
    {%- if execute and flags.WHICH not in ('compile', 'generate') -%}
        {%- set key_id = assert_pseudonym_key() -%}
        {%- if flags.WHICH in ('run', 'build') -%}
            {%- do _begin(relation_of('builds'), key_id) -%}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}

{% macro _begin(builds, key_id) -%}
    {%- set is_known = load_relation(builds) is not none -%}
    {%- set since = of_builds(events_since_last_completed(builds)) if is_known else [] -%}
    {%- set last = since[0] if since and since[0]['status'] == 'completed' else none -%}
    {%- set is_whole = flags.FULL_REFRESH or last is none or last['newest_day'] is none or _is_mixed(since) -%}
    {%- set landed = _landed(none if is_whole else last['newest_day']) -%}
    {%- if last is not none and not flags.FULL_REFRESH -%}
        {%- do _refuse_another_key(last, key_id) -%}
    {%- endif -%}
    {%- if not is_whole -%}
        {%- do _refuse_behind_a_backfill(landed['backfills'] - last['backfills']) -%}
    {%- endif -%}
    {%- do graph.update({'upkeep': {
        'is_whole': is_whole,
        'is_resumed': since | selectattr('status', 'equalto', 'begun') | list != [],
        'key_id': key_id,
        'is_key_new': last is not none and last['key_id'] != key_id,
        'backfills': landed['backfills'],
        'newest_day': none if is_whole else last['newest_day'],
        'first_new_day': none if is_whole else _first_new_day(last, landed['lines']),
    }}) -%}
    {%- if is_known -%}
        {%- do note_build('begun') -%}
        {%- if builds_may_overlap() -%}
            {%- do stop_while_another_runs(events_since_last_completed(builds)) -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}

{#- Whether tables may have another consent_scope than this build, or only some of them may have been rebuilt. -#}
{% macro _is_mixed(since) -%}
    {%- set scopes = since | map(attribute='consent_scope') | list -%}
    {%- set begun_whole = since | selectattr('status', 'equalto', 'begun') | selectattr('is_whole') | list -%}
    {{ return(begun_whole != [] or scopes != [release_rules()] * scopes | length) }}
{%- endmacro %}

{% macro end_build() %}
    {%- if execute and flags.WHICH in ('run', 'build') and 'upkeep' in graph
        and load_relation(relation_of('builds')) is not none -%}
        {%- set completed = namespace(is_noted=false) -%}
        {%- for result in results if result.node.name == 'builds' and result.status == 'success' -%}
            {%- set completed.is_noted = everything_is_selected() -%}
        {%- endfor -%}
        {%- if not completed.is_noted -%}
            {%- do note_build('ended') -%}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}

{% macro note_build(event) -%}
    {%- do run_query(
        "insert into " ~ relation_of('builds') ~ " (build_id, status, happened_at, consent_scope, is_whole) values ('"
        ~ invocation_id ~ "', '" ~ event ~ "', " ~ now_utc() ~ ", '" ~ release_rules() ~ "', "
        ~ (graph.get('upkeep', {}).get('is_whole', false) | string | lower) ~ ")"
    ) -%}
{%- endmacro %}

{% macro now_utc() -%}
    timestamp '{{ modules.datetime.datetime.now(modules.pytz.utc).strftime("%Y-%m-%d %H:%M:%S.%f") }}'
{%- endmacro %}

{% macro events_since_last_completed(builds) -%}
    {%- set names = [
        'status', 'build_id', 'happened_at', 'consent_scope', 'is_whole', 'key_id', 'newest_day', 'newest_lines', 'backfills',
    ] -%}
    {%- set found = run_query(
        "select " ~ names | join(', ') ~ " from " ~ builds ~ " where happened_at >= (select coalesce(max(happened_at), "
        ~ "timestamp '1970-01-01 00:00:00.000000') from " ~ builds ~ " where status = 'completed') order by happened_at"
    ) -%}
    {%- set events = [] -%}
    {%- for row in found.rows -%}
        {%- do events.append(dict(zip(names, row.values()))) -%}
    {%- endfor -%}
    {{ return(events) }}
{%- endmacro %}

{# Maintenance leaves every table as it is. #}
{% macro of_builds(events) -%}
    {%- set others = events | selectattr('status', 'equalto', 'maintaining') | map(attribute='build_id') | list -%}
    {{ return(events | rejectattr('build_id', 'in', others) | list) }}
{%- endmacro %}

{# Called after this build has noted that it began: of two that begin at once, at least one then sees the other. #}
{% macro stop_while_another_runs(events) -%}
    {%- set other = running(events) -%}
    {%- if other is not none -%}
        {%- do note_build('ended') -%}
        {%- do refuse_beside(other) -%}
    {%- endif -%}
{%- endmacro %}

{% macro running(events) -%}
    {%- set ended = events | selectattr('status', 'in', ['completed', 'ended']) | map(attribute='build_id') | list -%}
    {%- set since = (
        modules.datetime.datetime.now(modules.pytz.utc).replace(tzinfo=none)
        - modules.datetime.timedelta(minutes=lease_minutes() | float)
    ) -%}
    {%- for event in events if event['status'] in ('begun', 'maintaining')
        and event['build_id'] not in ended + [invocation_id] and event['happened_at'] > since -%}
        {{ return(event) }}
    {%- endfor -%}
    {{ return(none) }}
{%- endmacro %}

{% macro lease_minutes() -%}
    {{ return(env_var('STEDI_BUILD_LEASE_MINUTES', '120')) }}
{%- endmacro %}

{% macro refuse_beside(other) -%}
    {{ exceptions.raise_compiler_error(
        ("Build " if other['status'] == 'begun' else "Maintenance ") ~ other['build_id'] ~ " began at "
        ~ other['happened_at'] ~ " UTC and has not ended; two at once would replace each other's rows or delete files that "
        ~ "are being written. No table has been changed. Wait until it ends. If it was killed, run `dbt run-operation "
        ~ "end_killed_builds`; otherwise it counts as killed after " ~ lease_minutes()
        ~ " minutes ($STEDI_BUILD_LEASE_MINUTES)."
    ) }}
{%- endmacro %}

{% macro _refuse_another_key(last, key_id) -%}
    {%- if last['key_id'] != key_id -%}
        {{ exceptions.raise_compiler_error(
            "The pseudonym key is not the one that the tables were made with, so a person would get two ids. No table has "
            ~ "been changed. Restore the former key; or, to change every id, run `dbt build --full-refresh`."
        ) }}
    {%- endif -%}
{%- endmacro %}

{% macro _refuse_behind_a_backfill(backfills) -%}
    {%- if backfills > 0 -%}
        {{ exceptions.raise_compiler_error(
            "Days that are built already have changed, by `stedi land --backfill` or by an erasure, and a nightly build would "
            ~ "not see it. No table has been changed. Run `dbt build --full-refresh` once. After an interrupted erasure, run "
            ~ "`stedi erase` again instead: it rebuilds the tables."
        ) }}
    {%- endif -%}
{%- endmacro %}

{#- What a build must know before it begins: the number of backfills, and of a day's lines. -#}
{% macro _landed(day) -%}
    {%- set query -%}
        select
            (select count(*) from {{ source('landing', 'backfill') }}) as backfills
            {%- for entity in ['customer', 'accelerometer', 'step_trainer'] if day is not none -%}
            , (select count(*) from {{ source('landing', entity) }} where ingest_date = '{{ day }}') as {{ entity }}_lines
            {%- endfor -%}
    {%- endset -%}
    {%- set found = run_query(query).rows[0].values() -%}
    {{ return({'backfills': found[0], 'lines': found[1:] | sum}) }}
{%- endmacro %}

{#- Landed files never change, so more lines on the newest day mean more files. That day is then built again. -#}
{% macro _first_new_day(last, lines) -%}
    {%- set one_day = modules.datetime.timedelta(days=1) -%}
    {{ return(last['newest_day'] if lines != last['newest_lines'] else last['newest_day'] + one_day) }}
{%- endmacro %}
