{% macro end_killed_builds() %}
    {%- set builds = relation_of('builds') -%}
    {%- do run_query(
        "insert into " ~ builds ~ " (build_id, status, happened_at, consent_scope, is_whole) "
        ~ "select build_id, 'ended', " ~ now_utc() ~ ", consent_scope, is_whole from " ~ builds
        ~ " where status in ('begun', 'maintaining') and build_id not in (select build_id from " ~ builds
        ~ " where status in ('completed', 'ended'))"
    ) -%}
    {{ log("All builds and maintenance that had not ended are noted as ended.", info=true) }}
{% endmacro %}
