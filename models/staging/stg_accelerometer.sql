{{ deduplicate(
    ref('accelerometer_lines'),
    key=['email', 'read_at', 'x', 'y', 'z'],
    where='rejection_reason is null',
) }}
