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
        {{ json_string('phone_json') }} as phone,
        {{ json_string('birth_day_json') }} as birth_day,
        {{ json_string('serial_number_json') }} as serial_number_text
    from fields

),

normalised as (

    select
        *,
        lower({{ trimmed('email_text') }}) as normal_email
    from texts

),

-- A serial number counts as it is written: with another blank it is another device. Blanks alone name none.
typed as (

    select
        *,
        {{ valid_email('normal_email') }} as email,
        case when {{ trimmed('serial_number_text') }} != '' then serial_number_text end as serial_number,
        {{ json_instant('registration_date_json') }} as registered_at,
        {{ json_instant('last_update_date_json') }} as updated_at,
        {{ json_instant('research_json') }} as research_consent_at,
        {{ json_instant('public_json') }} as public_consent_at,
        {{ json_instant('friends_json') }} as friends_consent_at
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
