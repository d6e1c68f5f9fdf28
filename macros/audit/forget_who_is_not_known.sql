{#
    Takes the pseudonym and the consent off a ledger's rows of people of whom no record is left: only an erasure rewrites what
    landed. The counts stay. For the post-hook of a model that is only ever added to; in a whole build alone, as an
    erasure always leads to one.
#}
{% macro forget_who_is_not_known() -%}
    {%- if execute and upkeep().is_whole -%}
        update {{ this }}
        set customer_id = null, research_consent_at = null
        where customer_id is not null and customer_id not in (select customer_id from {{ relation_of('stg_customers') }})
    {%- endif -%}
{%- endmacro %}
