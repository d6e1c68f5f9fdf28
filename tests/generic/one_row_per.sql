{% test one_row_per(model, columns, never_null=[], nightly=true) %}
{%- set looks = nightly or upkeep().is_whole %}
with

alike as (

    select
        {% for column in never_null -%}
        count(*) - count({{ column }}) as without_{{ column }},
        {% endfor -%}
        count(*) as copies
    from {{ model }}
    {%- if not looks %}
    where false
    {%- endif %}
    group by {{ columns | join(', ') }}

),

counted as (

    select
        {% for column in never_null -%}
        sum(without_{{ column }}) as rows_without_{{ column }},
        {% endfor -%}
        sum(copies - 1) as rows_too_many
    from alike

)

select * from counted
where
    rows_too_many > 0
    {%- for column in never_null %}
    or rows_without_{{ column }} > 0
    {%- endfor %}
{% endtest %}
