{{ config(meta={'nightly_scan': 1}) }}

with

{{ landing_fields(source('landing', 'accelerometer'), {
    'user_json': 'user',
    'new_timestamp_json': 'timestamp',
    'old_timestamp_json': 'timeStamp',
    'x_json': 'x',
    'y_json': 'y',
    'z_json': 'z',
}) }},

texts as (

    select
        *,
        coalesce(new_timestamp_json, old_timestamp_json) as timestamp_json,
        {{ json_string('user_json') }} as user_text
    from fields

),

normalised as (

    select
        *,
        {{ normal_email('user_text') }} as user_email,
        {{ json_time('timestamp_json') }} as read_time
    from texts

),

typed as (

    select
        *,
        {{ valid_email('user_email') }} as email,
        {{ plausible('read_time') }} as read_at,
        {{ json_number('x_json') }} as x,
        {{ json_number('y_json') }} as y,
        {{ json_number('z_json') }} as z
    from normalised

),

judged as (

    select
        *,
        case
            when
                email is not null and read_at is not null and x is not null and y is not null and z is not null
                then null
            when not is_json then 'not_json'
            when user_json is null then 'missing_user'
            when email is null then 'invalid_user'
            when timestamp_json is null then 'missing_timestamp'
            when read_at is null then 'invalid_timestamp'
            when x_json is null then 'missing_x'
            when x is null then 'invalid_x'
            when y_json is null then 'missing_y'
            when y is null then 'invalid_y'
            when z_json is null then 'missing_z'
            else 'invalid_z'
        end as rejection_reason
    from typed

),

final as (

    select
        ingest_date,
        email,
        read_at,
        x,
        y,
        z,
        rejection_reason,
        case when rejection_reason is not null then file_name end as file_name,
        case when rejection_reason is not null then line end as raw_line
    from judged

)

select * from final
