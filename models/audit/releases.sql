{{ config(
    materialized='incremental_by_slice',
    appends=true,
    rewrites=true,
    slices=[],
    meta={'nightly_scan': 0.07},
    post_hook='{{ drop_former_customer_ids() }}',
) }}

{#- Ledgers of former versions have the stated consent only. -#}
{%- set kept = adapter.get_columns_in_relation(this) | map(attribute='name') | list if has_rows_to_keep() else [] %}
{%- set former = former_customer_ids() if has_rows_to_keep() else none %}
with

decided as (

    select * from {{ ref('decisions_by_identifier') }}

),

customers as (

    select * from {{ ref('stg_customers') }}

),
{%- if former %}

renamed as (

    select
        former.customer_id as former_customer_id,
        customers.customer_id
    from {{ former }} as former
    inner join customers on former.email = customers.email

),
{%- endif %}

final as (

    select
        '{{ invocation_id }}' as build_id,
        {{ now_utc() }} as noted_at,
        customers.customer_id,
        decided.source,
        decided.reason,
        customers.covered_from,
        cast(sum(decided.readings) as bigint) as readings
    from decided
    left join customers on decided.email = customers.email
    group by customers.customer_id, decided.source, decided.reason, customers.covered_from
    {%- if has_rows_to_keep() %}

    union all

    -- Of people who have been erased since an earlier build, only counts stay: no record names them any more.
    select
        noted.build_id,
        noted.noted_at,
        customers.customer_id,
        noted.source,
        noted.reason,
        case
            when customers.customer_id is not null
                then noted.{{ 'covered_from' if 'covered_from' in kept else 'research_consent_at' }}
        end as covered_from,
        noted.readings
    from {{ this }} as noted
    {%- if former %}
    left join renamed on noted.customer_id = renamed.former_customer_id
    left join customers on coalesce(renamed.customer_id, noted.customer_id) = customers.customer_id
    {%- else %}
    left join customers on noted.customer_id = customers.customer_id
    {%- endif %}
    {%- endif %}

)

select * from final
