{{ config(meta={'nightly_scan': 0.5}) }}

with

{{ landing_fields(source('landing', 'step_trainer'), {
    'sensor_reading_time_json': 'sensorReadingTime',
    'serial_number_json': 'serialNumber',
    'distance_json': 'distanceFromObject',
}) }},

texts as (

    select
        *,
        {{ json_string('serial_number_json') }} as serial_number_text,
        {{ json_time('sensor_reading_time_json') }} as read_time
    from fields

),

-- A serial number counts as it is written: with another blank it is another device. Blanks alone name none.
typed as (

    select
        *,
        case when {{ trimmed('serial_number_text') }} != '' then serial_number_text end as serial_number,
        {{ plausible('read_time') }} as read_at,
        {{ json_number('distance_json') }} as distance
    from texts

),

judged as (

    select
        *,
        case
            when read_at is not null and serial_number is not null and distance is not null then null
            when not is_json then 'not_json'
            when sensor_reading_time_json is null then 'missing_sensorReadingTime'
            when read_at is null then 'invalid_sensorReadingTime'
            when serial_number_json is null then 'missing_serialNumber'
            when serial_number is null then 'invalid_serialNumber'
            when distance_json is null then 'missing_distanceFromObject'
            else 'invalid_distanceFromObject'
        end as rejection_reason
    from typed

),

final as (

    select
        ingest_date,
        serial_number,
        read_at,
        distance,
        rejection_reason,
        case when rejection_reason is not null then file_name end as file_name,
        case when rejection_reason is not null then line end as raw_line
    from judged

)

select * from final
