-- Law 1. If this breaks, people who do not share for research are in customer_trusted, with name and email.
with

people as ({{ people_by_the_laws() }})

{{ differences(
    ['customer_id', 'email', 'consent_at'],
    "(select customer_id, email, research_consent_at as consent_at from " ~ ref('customer_trusted') ~ ") as customers",
    'trusted without consent',
    'people where consent_at is not null',
    'left out despite consent',
) }}
