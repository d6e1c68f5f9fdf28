{#
    The one place that says what consent covers. A reading taken at the very moment from which consent covers is covered,
    and one taken at the very moment of a refusal is not.
#}
{% macro withholding_reason(unknown) -%}
    case
            {{ unknown }}
            when customers.is_erased then 'erased'
            when customers.is_unclear then 'consent_unclear'
            when customers.covered_from is null then 'no_consent'
            when customers.was_minor then 'minor_at_consent'
    {%- if var('consent_scope') == 'since_consent' %}
            when refusals.refused_from is not null then 'withdrawn_then'
            when readings.read_at < customers.covered_from then 'before_consent'
    {%- endif %}
        end
{%- endmacro %}
