{#
    The lines that repeat a record or reading that has landed before, or stands before them: as many rows as there are such
    lines, with the day on which each landed. It shares nothing with deduplicate, so that the counts of both can be
    compared.

      athena  a row number among equal lines
      duckdb  the same, but only among lines whose 64-bit hash occurs twice
#}
{% macro repeated_lines(relation, key, where) -%}
    {{ return(adapter.dispatch('repeated_lines')(relation, key, where)) }}
{%- endmacro %}

{% macro athena__repeated_lines(relation, key, where) -%}
    {{ return(_repeated_lines(relation, key, where)) }}
{%- endmacro %}

{% macro duckdb__repeated_lines(relation, key, where) -%}
    {%- set twice -%}
        hash({{ key | join(', ') }}) in (
        select hash({{ key | join(', ') }}) as fingerprint
        from {{ relation }}
        where {{ where }}
        group by fingerprint
        having count(*) > 1
    )
    {%- endset -%}
    {{ return(_repeated_lines(relation, key, where ~ ' and ' ~ twice)) }}
{%- endmacro %}

{% macro _repeated_lines(relation, key, where) %}
select ingest_date from (
    select
        ingest_date,
        row_number() over (partition by {{ key | join(', ') }} order by ingest_date) as place
    from {{ relation }}
    where {{ where }}
) as numbered
where place > 1
{% endmacro %}
