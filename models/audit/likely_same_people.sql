{# A view: it is queried for a report. #}
{{ config(materialized='view') }}

with

customers as (

    select * from {{ ref('stg_customers') }}
    where not is_erased

),

alike as (

    select
        'phone' as alike_in,
        customer_id,
        min(customer_id) over (partition by phone) as first_customer_id,
        count(*) over (partition by phone) as people
    from customers
    where phone is not null

    union all

    select
        'name and birthday' as alike_in,
        customer_id,
        min(customer_id) over (partition by lower(customer_name), birth_day) as first_customer_id,
        count(*) over (partition by lower(customer_name), birth_day) as people
    from customers
    where customer_name is not null and birth_day is not null

),

final as (

    select * from alike
    where people > 1

)

select * from final
