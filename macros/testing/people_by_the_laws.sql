{#
    The tests' own opinion: it shares nothing with the models except the records and the pseudonym. The records are read
    once, because an engine reads again what a query names twice.
#}
{% macro people_by_the_laws() %}
with

dated as (

    select
        email,
        serial_number,
        research_consent_at,
        updated_at,
        max(updated_at) over (partition by email) as latest_update
    from {{ ref('stg_customer_records') }}

),

-- a refusal among records of the same moment is a refusal
consents as (

    select
        email,
        serial_number,
        research_consent_at,
        case
            when count(*) over (partition by email) = count(research_consent_at) over (partition by email)
                then max(research_consent_at) over (partition by email)
        end as consent_at
    from dated
    where updated_at = latest_update

),

claims as (

    select
        email,
        consent_at,
        case when count(*) = count(serial_number) then min(serial_number) end as serial_number
    from consents
    where research_consent_at is not distinct from consent_at
    group by email, consent_at

),

claimed as (

    select
        *,
        count(*) over (partition by serial_number) as claimants
    from claims

),

erasure_key as (

    select max(erasure_key) as erasure_key from {{ source('restricted', 'erasure_key') }}

)

select
    {{ pseudonym('claimed.email', 'pseudonym_key.pseudonym_key') }} as customer_id,
    claimed.email,
    claimed.consent_at as stated_consent_at,
    case when erasures.erasure is null then claimed.consent_at end as consent_at,
    case when claimed.claimants = 1 then claimed.serial_number end as serial_number
from claimed
cross join {{ source('restricted', 'pseudonym_key') }} as pseudonym_key
cross join erasure_key
left join {{ source('restricted', 'erasures') }} as erasures
    on {{ pseudonym('claimed.email', 'erasure_key.erasure_key') }} = erasures.erasure
{% endmacro %}
