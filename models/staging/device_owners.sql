{{ config(meta={'nightly_scan': 0.06}) }}

with

records as (

    select * from {{ ref('stg_customer_records') }}

),

erasure_key as (

    select max(erasure_key) as erasure_key from {{ source('restricted', 'erasure_key') }}

),

remembered as (

    select * from {{ source('restricted', 'device_claims') }}

),

-- Once somebody was erased, people and devices are told apart as the register of erasures remembers them.
claims as (

    select
        coalesce({{ pseudonym('records.serial_number', 'erasure_key.erasure_key') }}, records.serial_number) as device,
        coalesce({{ pseudonym('records.email', 'erasure_key.erasure_key') }}, records.email) as claimant,
        records.serial_number,
        records.email,
        records.effective_at as claimed_from,
        coalesce(records.claimed_until, {{ end_of_time() }}) as claimed_until
    from records
    cross join erasure_key
    where
        records.serial_number is not null
        and (records.claimed_until is null or records.claimed_until > records.effective_at)

    union all

    select
        device,
        erasure as claimant,
        cast(null as varchar) as serial_number,
        cast(null as varchar) as email,
        {{ timestamp_from_epoch_ms('claimed_from') }} as claimed_from,
        coalesce({{ timestamp_from_epoch_ms('claimed_until') }}, {{ end_of_time() }}) as claimed_until
    from remembered

),

-- The first claim ever made on a device reaches back to the beginning.
reaching as (

    select
        device,
        claimant,
        email,
        max(serial_number) over (partition by device) as serial_number,
        case
            when claimed_from = min(claimed_from) over (partition by device) then {{ earliest_time() }}
            else claimed_from
        end as claimed_from,
        claimed_until
    from claims

),

-- Claims of one person that touch or overlap are one claim; what an erased person claimed is apart and names nobody.
ordered as (

    select
        *,
        max(claimed_until) over (
            partition by device, claimant, email
            order by claimed_from, claimed_until
            rows between unbounded preceding and 1 preceding
        ) as reached
    from reaching

),

numbered as (

    select
        *,
        sum(case when claimed_from <= reached then 0 else 1 end) over (
            partition by device, claimant, email
            order by claimed_from, claimed_until
            rows between unbounded preceding and current row
        ) as claim
    from ordered
    where serial_number is not null

),

merged as (

    select
        serial_number,
        claimant,
        email,
        min(claimed_from) as claimed_from,
        max(claimed_until) as claimed_until
    from numbered
    group by serial_number, claimant, email, claim

),

-- Between two moments at which a claim begins or ends, the same claims hold.
moments as (

    select distinct
        merged.serial_number,
        case edges.edge when 'begins' then merged.claimed_from else merged.claimed_until end as moment
    from merged
    cross join (values ('begins'), ('ends')) as edges (edge)

),

spans as (

    select
        serial_number,
        moment as owned_from,
        lead(moment) over (partition by serial_number order by moment) as owned_until
    from moments

),

final as (

    select
        spans.serial_number,
        spans.owned_from,
        case when spans.owned_until < {{ end_of_time() }} then spans.owned_until end as owned_until,
        count(distinct merged.claimant) as claimants,
        case when count(distinct merged.claimant) = 1 then max(merged.email) end as email
    from spans
    inner join merged
        on
            spans.serial_number = merged.serial_number
            and spans.owned_from >= merged.claimed_from
            and spans.owned_from < merged.claimed_until
    group by spans.serial_number, spans.owned_from, spans.owned_until

)

select * from final
