{#
    A query for what the laws say of each person, worked out from all records ever landed. The tests' own opinion: it
    shares nothing with the models but the records and the pseudonym.

    Returns customer_id, email, consent_at (null: no consent to research) and serial_number (null: no device, or one
    that somebody else names too).
#}
{% macro people_by_the_laws() %}
with

latest_update as (

    select
        email,
        max(updated_at) as updated_at
    from {{ ref('stg_customer_records') }}
    group by email

),

latest_records as (

    select records.*
    from {{ ref('stg_customer_records') }} as records
    inner join latest_update
        on
            records.email = latest_update.email
            and records.updated_at = latest_update.updated_at

),

-- a refusal among records of the same moment is a refusal
consents as (

    select
        email,
        case when count(*) = count(research_consent_at) then max(research_consent_at) end as consent_at
    from latest_records
    group by email

),

claims as (

    select
        consents.email,
        consents.consent_at,
        case when count(*) = count(records.serial_number) then min(records.serial_number) end as serial_number
    from consents
    inner join latest_records as records
        on
            consents.email = records.email
            and consents.consent_at is not distinct from records.research_consent_at
    group by consents.email, consents.consent_at

),

claimed_once as (

    select serial_number
    from claims
    group by serial_number
    having count(*) = 1

)

select
    {{ pseudonym('claims.email', 'pseudonym_key.pseudonym_key') }} as customer_id,
    claims.email,
    claims.consent_at,
    claimed_once.serial_number
from claims
cross join {{ source('restricted', 'pseudonym_key') }} as pseudonym_key
left join claimed_once on claims.serial_number = claimed_once.serial_number
{% endmacro %}
