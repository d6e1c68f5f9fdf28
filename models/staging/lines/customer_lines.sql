with

{{ landing_fields(source('landing', 'customer'), {
    'customer_name_json': 'customerName',
    'email_json': 'email',
    'phone_json': 'phone',
    'birth_day_json': 'birthDay',
    'serial_number_json': 'serialNumber',
    'registration_date_json': 'registrationDate',
    'last_update_date_json': 'lastUpdateDate',
    'research_json': 'shareWithResearchAsOfDate',
    'public_json': 'shareWithPublicAsOfDate',
    'friends_json': 'shareWithFriendsAsOfDate',
}) }},

texts as (

    select
        *,
        {{ json_string('email_json') }} as email_text,
        {{ json_string('customer_name_json') }} as customer_name,
        coalesce({{ json_string('phone_json') }}, {{ json_digits('phone_json') }}) as phone,
        {{ json_string('birth_day_json') }} as birth_day_text,
        {{ json_string('serial_number_json') }} as serial_number_text,
        {{ json_time('registration_date_json') }} as registration_time,
        {{ json_time('last_update_date_json') }} as last_update_time,
        {{ json_time('research_json') }} as research_time,
        {{ json_time('public_json') }} as public_time,
        {{ json_time('friends_json') }} as friends_time
    from fields

),

normalised as (

    select
        *,
        {{ normal_email('email_text') }} as normal_email
    from texts

),

-- A serial number counts as it is written: with another blank it is another device. Blanks alone name none. An update
-- may lie in the future, because a clock that runs ahead must not lose a withdrawal; stg_customer_records corrects it.
typed as (

    select
        *,
        {{ valid_email('normal_email') }} as email,
        {{ text_date('birth_day_text') }} as birth_day,
        case when {{ trimmed('serial_number_text') }} != '' then serial_number_text end as serial_number,
        {{ plausible('registration_time') }} as registered_at,
        case when last_update_time >= {{ earliest_time() }} then last_update_time end as updated_at,
        {{ plausible('research_time') }} as research_consent_at,
        {{ plausible('public_time') }} as public_consent_at,
        {{ plausible('friends_time') }} as friends_consent_at
    from normalised

),

-- Only what says who, when, which device and which consent can reject a record: a bad phone number must not lose a
-- withdrawal.
judged as (

    select
        *,
        case
            when not is_json then 'not_json'
            when email_json is null then 'missing_email'
            when email is null then 'invalid_email'
            when last_update_date_json is null then 'missing_lastUpdateDate'
            when updated_at is null then 'invalid_lastUpdateDate'
            when serial_number_json is not null and serial_number is null then 'invalid_serialNumber'
            when research_json is not null and research_consent_at is null then 'invalid_shareWithResearchAsOfDate'
        end as rejection_reason
    from typed

),

final as (

    select
        ingest_date,
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
        rejection_reason,
        case when rejection_reason is not null then file_name end as file_name,
        case when rejection_reason is not null then line end as raw_line
    from judged

)

select * from final
