{# A view: it reads all that is trusted, and is queried for a report. #}
{{ config(materialized='view') }}

with

motion as (

    select * from {{ ref('accelerometer_trusted') }}

),

distances as (

    select * from {{ ref('step_trainer_trusted') }}

),

moments as (

    select
        customer_id,
        read_at,
        cast(null as timestamp(6)) as measured_at
    from motion

    union all

    select
        customer_id,
        read_at,
        read_at as measured_at
    from distances

),

-- The same person's distances before and after each reading, its own moment included. Both frames begin at an end of
-- the person's time and grow: of a frame that shrinks, an engine adds up each anew, which takes the square of the rows.
between_distances as (

    select
        read_at,
        measured_at,
        max(measured_at) over (
            partition by customer_id
            order by read_at
            range between unbounded preceding and current row
        ) as last_measured_at,
        min(measured_at) over (
            partition by customer_id
            order by read_at desc
            range between unbounded preceding and current row
        ) as next_measured_at
    from moments

),

gaps as (

    select
        least(
            coalesce(date_diff('millisecond', last_measured_at, read_at), 9000000000000),
            coalesce(date_diff('millisecond', read_at, next_measured_at), 9000000000000)
        ) as gap
    from between_distances
    where measured_at is null

),

twice as (

    select count(*) as distances
    from distances
    group by customer_id, read_at

),

alike as (

    select
        count(distinct customer_id) as people,
        count(*) as readings
    from motion
    group by read_at, x, y, z

),

final as (

    select
        'motion without a distance at its millisecond' as finding,
        count(case when gap > 0 then 1 end) as readings,
        count(*) as of_readings
    from gaps

    union all

    {% for distance_away, milliseconds in {'100 ms': 100, '1 s': 1000}.items() %}
    select
        'of these, the nearest distance is more than {{ distance_away }} away' as finding,
        count(case when gap > {{ milliseconds }} then 1 end) as readings,
        count(case when gap > 0 then 1 end) as of_readings
    from gaps

    union all
    {% endfor %}

    select
        'moments with more than one distance, of which the least counts' as finding,
        count(case when distances > 1 then 1 end) as readings,
        count(*) as of_readings
    from twice

    union all

    select
        'motion readings that two or more people have alike' as finding,
        cast(coalesce(sum(case when people > 1 then readings end), 0) as bigint) as readings,
        cast(coalesce(sum(readings), 0) as bigint) as of_readings
    from alike

)

select * from final
