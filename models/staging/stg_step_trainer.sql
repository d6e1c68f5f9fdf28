{{ deduplicate(
    ref('step_trainer_lines'),
    key=['serial_number', 'read_at', 'distance'],
    where='rejection_reason is null',
) }}
