-- Law 6. If this breaks, a text beyond customer_trusted is something else than a person's pseudonym: an email, a name,
-- a serial number, or a hash of one of them.
with

people as ({{ people_by_the_laws() }}),

texts as (
    {% for model in [
        'accelerometer_trusted', 'step_trainer_trusted', 'customers_curated', 'machine_learning_curated',
    ] %}
    {% set relation = ref(model) %}
    {% for column in adapter.get_columns_in_relation(relation) if column.is_string() %}
    select
        '{{ model }}.{{ column.name }}' as column_name,
        {{ column.quoted }} as text_value
    from {{ relation }}
    union all
    {% endfor %}
    {% endfor %}
    select
        'none' as column_name,
        cast(null as varchar) as text_value
    where false
)

select
    texts.column_name,
    count(*) as rows_concerned
from texts
left join people on texts.text_value = people.customer_id
where people.customer_id is null
group by texts.column_name
