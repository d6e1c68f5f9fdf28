-- Law 1. If this breaks, a person's consent history ends with another consent than the one that readings are judged by.
with

people as ({{ people_by_the_laws() }})

{{ differences(
    ['customer_id', 'consent_at', 'is_unclear'],
    "(select customer_id, research_consent_at as consent_at, is_unclear from " ~ ref('consent_history')
        ~ " where valid_to is null) as states",
    'ends with another consent',
    "(select customer_id, stated_consent_at as consent_at, says = 'unclear' as is_unclear from people) as stated",
    'does not end with this consent',
) }}
