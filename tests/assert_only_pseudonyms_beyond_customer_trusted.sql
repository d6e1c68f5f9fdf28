-- Law 6. If this breaks, a text beyond customer_trusted is something else than a person's pseudonym: an email, a name,
-- a serial number, or a hash of one of them.
with

people as ({{ people_by_the_laws() }}),

texts as (
    {% for model in [
        'accelerometer_trusted', 'step_trainer_trusted', 'customers_curated', 'machine_learning_curated',
    ] %}
    {% set slice = 'days_of_new_readings' if model == 'machine_learning_curated' else 'delivered' %}
    {% set relation = ref(model) if model == 'customers_curated' else looked_at(ref(model), 'customer_id', slice) %}
    {#- their contracts say which columns are texts -#}
    {% set columns = graph.nodes['model.stedi_lakehouse.' ~ model].columns.values() if execute else [] %}
    {% for column in columns if column.data_type == 'varchar' %}
    select
        '{{ model }}.{{ column.name }}' as in_column,
        {{ column.name }} as text_value
    from {{ relation }}
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
