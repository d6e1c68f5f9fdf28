{{ config(
    materialized='incremental_by_slice',
    slices=['people_with_new_records'],
    s3_data_dir=zone_location('customer/trusted'),
) }}

with

customers as (

    select * from {{ ref('stg_customers') }}

),

final as (

    select
        customer_id,
        email,
        customer_name,
        phone,
        birth_day,
        serial_number,
        registered_at,
        updated_at,
        research_consent_at,
        public_consent_at,
        friends_consent_at,
        covered_from
    from customers
    where covered_from is not null and not is_erased and not was_minor

)

select * from final
