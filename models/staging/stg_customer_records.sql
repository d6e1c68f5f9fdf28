{{ config(
    materialized='incremental_by_slice',
    slices=['delivered_records'],
) }}

{{ deduplicate(
    ref('customer_lines'),
    key=[
        'email',
        'customer_name',
        'phone',
        'birth_day',
        'serial_number',
        'registered_at',
        'updated_at',
        'research_consent_at',
        'public_consent_at',
        'friends_consent_at',
    ],
    where='rejection_reason is null',
) }}
