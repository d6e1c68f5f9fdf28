{#
    A new pseudonym key changes every customer_id. So that the ledger of releases can take over the new ones, the old ids
    are kept with their emails from just before stg_customers is replaced until the ledger has been rewritten.
#}
{% macro keep_former_customer_ids() -%}
    {%- if upkeep().get('is_key_new', false) and load_relation(this) is not none and former_customer_ids() is none -%}
        {%- set former = _former_customer_ids() -%}
        {%- call statement('keep_former_customer_ids') -%}
            {{ create_table_as(false, former, 'select customer_id, email from ' ~ this) }}
        {%- endcall -%}
        {%- do adapter.cache_added(former) -%}
    {%- endif -%}
{%- endmacro %}

{% macro drop_former_customer_ids() -%}
    {%- if execute and upkeep().is_whole -%}
        {%- set former = former_customer_ids() -%}
        {%- if former is not none -%}{%- do adapter.drop_relation(former) -%}{%- endif -%}
    {%- endif -%}
{%- endmacro %}

{% macro former_customer_ids() -%}
    {{ return(load_relation(_former_customer_ids())) }}
{%- endmacro %}

{% macro _former_customer_ids() -%}
    {{ return(relation_of('stg_customers').incorporate(path={'identifier': 'former_customer_ids'}, type='table')) }}
{%- endmacro %}
