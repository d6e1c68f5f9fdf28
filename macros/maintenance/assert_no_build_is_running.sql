{% macro assert_no_build_is_running() %}
    {%- set builds = relation_of('builds') -%}
    {%- if builds_may_overlap() and load_relation(builds) is not none -%}
        {%- set other = running(events_since_last_completed(builds)) -%}
        {%- if other is not none -%}
            {%- do refuse_beside(other) -%}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}
