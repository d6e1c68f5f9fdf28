-- Law 1. If this breaks, people who do not share for research are in customer_trusted, with name and email.
with

people as ({{ people_by_the_laws() }})

{{ differences(
    ['customer_id', 'email', 'covered_from'],
    ref('customer_trusted'),
    'trusted without consent',
    'people where covered_from is not null',
    'left out despite consent',
) }}
