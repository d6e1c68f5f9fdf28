-- Law 6. If this breaks, a text beyond customer_trusted is not a person's pseudonym but an email, a name, a serial
-- number, or a hash of one of them.
-- A nightly build looks only at customers_curated: the tests of the other laws compare each new row of the other tables
-- with its person's pseudonym.
with

people as ({{ people_by_the_laws() }}),

texts as (
    {% for model in [
        'accelerometer_trusted', 'step_trainer_trusted', 'customers_curated', 'machine_learning_curated',
    ] %}
    {% set relation = ref(model) %}
    {% set looks = upkeep().is_whole or model == 'customers_curated' %}
    {#- their contracts say which columns are texts -#}
    {% set columns = node_of(model).columns.values() if execute else [] %}
    {% for column in columns if column.data_type == 'varchar' %}
    select
        '{{ model }}.{{ column.name }}' as in_column,
        {{ column.name }} as text_value
    from {{ relation }}
    where {{ looks | string | lower }}
    union all
    {% endfor %}
    {% endfor %}
    select
        'none' as in_column,
        cast(null as varchar) as text_value
    where false
)

select
    texts.in_column,
    count(*) as rows_concerned
from texts
left join people on texts.text_value = people.customer_id
where people.customer_id is null
group by texts.in_column
