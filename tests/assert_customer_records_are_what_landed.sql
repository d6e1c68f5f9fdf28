-- Laws 1 and 3. If this breaks, what a person said has been lost, changed or given another time: a withdrawal, say.
-- A nightly build looks only at people of whom something new has landed.
{% set columns = [
    'customer_name', 'phone', 'birth_day', 'serial_number', 'registered_at', 'updated_at', 'research_consent_at',
    'public_consent_at', 'friends_consent_at',
] %}
{% set concerned = ' where ' ~ ('true' if upkeep().is_whole else slice_people_with_new_lines() or 'false') %}
with

lines as (

    select
        *,
        cast(ingest_date as timestamp(6)) + interval '1' day - interval '0.001' second as landed_until
    from {{ ref('customer_lines') }}

),

-- a line without an email where it should be may name several people, and says nothing else that counts
named as (

    select
        lines.*,
        case when lines.email is not null then lines.updated_at end as own_time,
        {{ normal_email('emails.email_text') }} as named_email
    from lines
    cross join
        unnest(
            case
                when lines.email is null then regexp_extract_all(lines.raw_line, '"email"\s*:\s*"([^"\\]+)"', 1)
                else array[lines.email]
            end
        ) as emails (email_text)

),

first_landings as (

    select
        *,
        min(landed_until) over (partition by named_email, own_time) as first_landed_until
    from named

),

dated as (

    select
        *,
        case
            when own_time < first_landed_until then own_time
            when own_time is not null then first_landed_until
            else landed_until
        end as said_at
    from first_landings

),

landed as (

    select
        named_email as email,
        true as is_readable,
        {{ columns | join(',\n        ') }},
        min(said_at) as effective_at,
        min(ingest_date) as ingest_date
    from dated
    where rejection_reason is null
    group by named_email, {{ columns | join(', ') }}

    union all

    select
        named_email as email,
        false as is_readable,
        {% for column in columns -%}
        null as {{ column }},
        {% endfor -%}
        said_at as effective_at,
        min(ingest_date) as ingest_date
    from dated
    where rejection_reason is not null and {{ valid_email('named_email') }} is not null
    group by named_email, said_at

)

{{ differences(
    ['email', 'is_readable', 'effective_at', 'ingest_date'] + columns,
    ref('stg_customer_records') ~ concerned,
    'a record that did not land so',
    'landed' ~ concerned,
    'a record that landed is missing',
) }}
