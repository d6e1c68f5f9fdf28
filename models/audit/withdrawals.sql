{# A view: it is as long as the customer records, and seldom queried. #}
{{ config(materialized='view') }}

with

history as (

    select
        *,
        lag(research_consent_at) over (partition by customer_id order by valid_from) as consent_before
    from {{ ref('consent_history') }}

),

completed as (

    select * from {{ ref('builds') }}
    where status = 'completed'

),

in_force as (

    select
        history.customer_id,
        history.valid_from,
        min(completed.happened_at) as in_force_at
    from history
    left join completed on history.landed_on <= completed.newest_day
    group by history.customer_id, history.valid_from

),

final as (

    select
        history.customer_id,
        history.valid_from as withdrawn_at,
        history.is_unclear,
        history.landed_on,
        in_force.in_force_at,
        date_diff('hour', cast(history.landed_on as timestamp(6)), in_force.in_force_at) as hours_to_effect,
        history.valid_to is null and customers.customer_id is not null as is_still_trusted
    from history
    inner join in_force
        on
            history.customer_id = in_force.customer_id
            and history.valid_from = in_force.valid_from
    left join {{ ref('customer_trusted') }} as customers on history.customer_id = customers.customer_id
    where history.research_consent_at is null and history.consent_before is not null

)

select * from final
