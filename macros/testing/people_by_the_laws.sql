{#
    The tests' own opinion of laws 1 and 2. It takes from the models only which records there are, and when each took effect,
    which assert_customer_records_are_what_landed compares with the lines. The records are read once, because an engine
    reads again what a query names twice.
#}

{# What each person said, moment by moment. #}
{% macro said_by_the_laws() %}
with

weighed as (

    select
        email,
        effective_at,
        is_readable,
        serial_number,
        birth_day,
        research_consent_at,
        bool_or(is_readable and research_consent_at is null) over (partition by email, effective_at) as refuses,
        bool_or(not is_readable) over (partition by email, effective_at) as is_doubtful,
        max(research_consent_at) over (partition by email, effective_at) as latest_consent_at
    from {{ ref('stg_customer_records') }}

),

-- the records of a moment that say what counts of consent
counting as (

    select
        *,
        is_readable and (case when refuses then research_consent_at is null else research_consent_at = latest_consent_at end)
            as counts
    from weighed

),

-- of those, a record without a device counts, then the one with the least serial number
with_device as (

    select
        *,
        case
            when not bool_or(counts and serial_number is null) over (partition by email, effective_at)
                then min(case when counts then serial_number end) over (partition by email, effective_at)
        end as device
    from counting

)

select
    email,
    effective_at as said_at,
    bool_or(is_readable) as is_record,
    case when bool_or(refuses) then 'refusal' when bool_or(is_doubtful) then 'unclear' else 'consent' end as says,
    case when not bool_or(refuses or is_doubtful) then max(latest_consent_at) end as consent_at,
    device,
    case
        when not bool_or(counts and serial_number is not distinct from device and birth_day is null)
            then max(case when counts and serial_number is not distinct from device then birth_day end)
    end as youngest_birth_day
from with_device
group by email, effective_at, device
{% endmacro %}

{% macro people_by_the_laws() %}
with

said as ({{ said_by_the_laws() }}),

timed as (

    select
        *,
        max(said_at) over (partition by email) as last_said_at,
        max(case when says != 'consent' then said_at end) over (partition by email) as last_refused_at
    from said

),

summed_up as (

    select
        email,
        max(case when said_at = last_said_at then says end) as says,
        max(case when said_at = last_said_at then consent_at end) as consent_at,
        max(case when said_at = last_said_at then youngest_birth_day end) as birth_day,
        min(case when last_refused_at is null or said_at > last_refused_at then said_at end) as consents_since,
        max(last_refused_at) as last_refused_at
    from timed
    group by email

),

erasure_key as (

    select max(erasure_key) as erasure_key from {{ source('restricted', 'erasure_key') }}

)

select
    {{ pseudonym('summed_up.email', 'pseudonym_key.pseudonym_key') }} as customer_id,
    summed_up.email,
    summed_up.says,
    summed_up.consent_at as stated_consent_at,
    case
        when summed_up.says != 'consent' or erasures.erasure is not null then null
        {%- if var('minimum_age') %}
        when summed_up.birth_day is null then null
        when cast(summed_up.consent_at as date) < summed_up.birth_day + interval '{{ var('minimum_age') }}' year then null
        {%- endif %}
        when summed_up.last_refused_at is null or summed_up.consent_at > summed_up.consents_since then summed_up.consent_at
        else summed_up.consents_since
    end as covered_from
from summed_up
cross join {{ source('restricted', 'pseudonym_key') }} as pseudonym_key
cross join erasure_key
left join {{ source('restricted', 'erasures') }} as erasures
    on {{ pseudonym('summed_up.email', 'erasure_key.erasure_key') }} = erasures.erasure
{% endmacro %}

{# Who claims a device and when; a claimant is an email or, once anybody was erased, its hash. #}
{% macro claims_by_the_laws() %}
with

said as ({{ said_by_the_laws() }}),

followed as (

    select
        *,
        lead(said_at) over (partition by email order by said_at) as claimed_until
    from said
    where is_record

),

erasure_key as (

    select max(erasure_key) as erasure_key from {{ source('restricted', 'erasure_key') }}

),

claims as (

    select
        coalesce({{ pseudonym('followed.device', 'erasure_key.erasure_key') }}, followed.device) as device,
        followed.device as serial_number,
        coalesce({{ pseudonym('followed.email', 'erasure_key.erasure_key') }}, followed.email) as claimant,
        followed.email,
        followed.said_at as claimed_from,
        followed.claimed_until
    from followed
    cross join erasure_key
    where followed.device is not null

    union all

    select
        device,
        null as serial_number,
        erasure as claimant,
        null as email,
        {{ timestamp_from_epoch_ms('claimed_from') }} as claimed_from,
        {{ timestamp_from_epoch_ms('claimed_until') }} as claimed_until
    from {{ source('restricted', 'device_claims') }}

)

select
    max(serial_number) over (partition by device) as serial_number,
    claimant,
    email,
    case when claimed_from > min(claimed_from) over (partition by device) then claimed_from end as claimed_from,
    claimed_until
from claims
{% endmacro %}

{# Readings of devices with the one person whose claim covers each; `claims` is what claims_by_the_laws gives. #}
{% macro distances_by_the_laws(readings) %}
select
    max(claims.email) as email,
    min(readings.ingest_date) as ingest_date,
    readings.read_at,
    readings.distance
from {{ readings }} as readings
inner join claims
    on
        readings.serial_number = claims.serial_number
        and (claims.claimed_from is null or readings.read_at >= claims.claimed_from)
        and (claims.claimed_until is null or readings.read_at < claims.claimed_until)
group by readings.serial_number, readings.read_at, readings.distance
having count(distinct claims.claimant) = 1 and max(claims.email) is not null
{% endmacro %}

{# Condition that a person's consent covers a reading. #}
{% macro covered_by_the_laws(read_at) -%}
    people.covered_from is not null
    {%- if var('consent_scope') != 'any_time' %} and not ({{ read_at }} < people.covered_from){% endif %}
{%- endmacro %}
