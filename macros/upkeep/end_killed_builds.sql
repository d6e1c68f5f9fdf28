{#
    Notes that builds which have not ended were killed, so that the next need not wait until they count as killed.
    For whoever knows that none is running: `dbt run-operation end_killed_builds`.
#}
{% macro end_killed_builds() %}
    {%- set builds = relation_of('builds') -%}
    {%- do run_query(
        "insert into " ~ builds ~ " (build_id, status, happened_at, consent_scope, is_whole) "
        ~ "select build_id, 'ended', " ~ now_utc() ~ ", consent_scope, is_whole from " ~ builds
        ~ " where status in ('begun', 'maintaining') and build_id not in (select build_id from " ~ builds
        ~ " where status in ('completed', 'ended'))"
    ) -%}
    {{ log("Every build that had begun has ended, and all maintenance.", info=true) }}
{% endmacro %}
