{# A view: stg_customer_records reads it. #}
{{ config(materialized='view') }}

with

rejected as (

    select * from {{ ref('customer_lines') }}
    where rejection_reason is not null

),

-- A line that says no email where it should may still say whose it is, or whose they are: it may be no JSON, or hold
-- several objects.
named_in_text as (

    select
        rejected.ingest_date,
        {{ normal_email('emails.email_text') }} as normal_email
    from rejected
    cross join
        unnest(
            regexp_extract_all(rejected.raw_line, '"email"[ \t\r\n]*:[ \t\r\n]*"([^"\\]+)"', 1)
        ) as emails (email_text)
    where rejected.email is null

),

named as (

    select
        ingest_date,
        email,
        updated_at
    from rejected

    union all

    select
        ingest_date,
        {{ valid_email('normal_email') }} as email,
        cast(null as timestamp(6)) as updated_at
    from named_in_text

),

final as (

    select
        ingest_date,
        email,
        updated_at
    from named
    where email is not null

)

select * from final
