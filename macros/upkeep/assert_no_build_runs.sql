{#
    Stops where a build is running, before something is done that no build may meet:
    `dbt run-operation assert_no_build_runs`. Notes nothing. A build that was killed counts as running for as long as
    begin_build() has it.
#}
{% macro assert_no_build_runs() %}
    {%- set builds = relation_of('builds') -%}
    {%- if load_relation(builds) is not none -%}
        {%- set running = _running(_events_since_last_completed(builds)) -%}
        {%- if running is not none -%}
            {{ exceptions.raise_compiler_error(
                "Build " ~ running['build_id'] ~ " began at " ~ running['happened_at'] ~ " UTC and has not ended. Nothing "
                ~ "has been changed. Wait for it. If it was killed, say so with `dbt run-operation end_killed_builds`."
            ) }}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}
