{#
    A query for the lines of a landing table with the JSON text of the fields asked for.

    relation  a landing source
    fields    {column: field}: the name each column gets, the field's name in the JSON object

    Of the lines that have landed since the last complete build, in a nightly one.

    Returns line, file_name, ingest_date, is_json and the columns: the field's JSON text ('"a"', '1.5', '[]'), null
    where the field is absent or null. Where is_json is false all of them are null. A line is JSON if it is one object
    by RFC 8259, with one trailing comma allowed, as older files have it. The first of two equal keys counts.

    Where the engines differ, and what is done about it, so that both take and refuse the same lines:
      duckdb  takes NaN, Infinity and a comma before a closing bracket; those are looked for outside of strings
      athena  takes half a surrogate pair as `?`, and fails the query on deep nesting (1,000) and long strings (20
              million characters), which try() does not catch; refuses keys beyond 50,000 characters; no honest delivery
              comes near any of them
      athena  keeps bytes that are not UTF-8; the file's name is a hidden column
#}
{% macro landing_fields(relation, fields) -%}
    {{ return(adapter.dispatch('landing_fields')(relation, fields)) }}
{%- endmacro %}

{#- What both engines can parse without failing; short lines cannot nest deep. -#}
{% macro _is_parseable(line) -%}
    case
            when length({{ line }}) <= 1000 then true
            when length({{ line }}) > 16000000 then false
            else length({{ line }}) - length(replace(replace({{ line }}, '[', ''), '{', '')) <= 500
        end
{%- endmacro %}

{#- The line without its trailing comma; a line that ends as it should is not looked at twice. No regular expression:
    Trino's take time that grows with the square of a run of blanks, hours for a megabyte of them. -#}
{% macro _without_trailing_comma(line) -%}
    {%- set text = "trim(trailing ' ' || chr(9) from " ~ line ~ ")" -%}
    case
            when {{ line }} like '%}' then {{ line }}
            when {{ text }} like '%,' then substr({{ text }}, 1, length({{ text }}) - 1)
            else {{ line }}
        end
{%- endmacro %}

{#- Whether a JSON text is an object. -#}
{% macro _begins_as_object(document) -%}
    (starts_with({{ document }}, '{') or starts_with(trim(leading ' ' || chr(9) from {{ document }}), '{'))
{%- endmacro %}

{% macro duckdb__landing_fields(relation, fields) %}
with

lines as (

    select
        line,
        file_name,
        cast(ingest_date as date) as ingest_date,
        {{ _without_trailing_comma('line') }} as document
    from {{ relation }}
    where {{ is_newly_landed() }}

),

parsed as (

    select
        line,
        file_name,
        ingest_date,
        case
            when not {{ _is_parseable('document') }} or not {{ _begins_as_object('document') }} then null
            -- what it takes beyond RFC 8259: cheaply first, as most lines have nothing like it, then outside of strings
            when
                (
                    regexp_matches(document, ',\s*[}\]]')
                    or regexp_matches(document, '[nN][aA][nN]')
                    or regexp_matches(document, '[iI][nN][fF]')
                )
                and regexp_matches(
                    regexp_replace(document, '"([^"\\]|\\.)*"', '""', 'g'), ',\s*[}\]]|(?i)nan|inf'
                )
                then null
            -- a key that athena's parser takes for too long
            when
                length(document) > 50000
                and len(list_filter(
                    regexp_extract_all(document, '"([^"\\]|\\.)*"\s*:?'),
                    lambda text: length(text) > 50003 and text like '%:'
                )) > 0
                then null
            when json_valid(document)
                then json_extract(document, ['$.{{ fields.values() | join("', '$.") }}'])
        end as field_values
    from lines

)

select
    line,
    file_name,
    ingest_date,
    field_values is not null as is_json,
    {%- for column in fields %}
    nullif(cast(field_values[{{ loop.index }}] as varchar), 'null') as {{ column }}{{ ',' if not loop.last }}
    {%- endfor %}
from parsed
{% endmacro %}

{#- The JSON text of a field. A number beyond a double comes out of json_extract as the text "Infinity"; what it was
    is told by json_extract_scalar, which gives a number as it was written. -#}
{% macro _athena_json_text(document, field) -%}
    {%- set scalar = "json_extract_scalar(" ~ document ~ ", '$." ~ field ~ "')" -%}
    {%- set text = "json_format(json_extract(" ~ document ~ ", '$." ~ field ~ "'))" -%}
    case when {{ text }} like '"%Infinity"' and {{ scalar }} not like '%Infinity' then {{ scalar }} else {{ text }} end
{%- endmacro %}

{#- Bytes as a text in Latin-1 behind U+FFFD, as scripts/landing_files.py has it. (|| would fail beyond 1 MB.) -#}
{% macro _athena_latin_1(bytes) -%}
    lpad(
                regexp_replace(to_hex({{ bytes }}), '(..)', x -> chr(from_base(x[1], 16))),
                1 + length({{ bytes }}),
                chr(65533)
            )
{%- endmacro %}

{% macro athena__landing_fields(relation, fields) %}
with

lines as (

    select
        case
            when from_utf8(to_utf8(line)) = line then trim(leading chr(65279) from line)
            else {{ _athena_latin_1('to_utf8(line)') }}
        end as line,
        regexp_extract("$path", '[^/]+$') as file_name,
        cast(ingest_date as date) as ingest_date
    from {{ relation }}
    where {{ is_newly_landed() }}

),

documents as (

    select
        line,
        file_name,
        ingest_date,
        {{ _without_trailing_comma('line') }} as document
    from lines

),

parsed as (

    select
        line,
        file_name,
        ingest_date,
        document,
        case
            when not {{ _is_parseable('document') }} or not {{ _begins_as_object('document') }} then false
            -- half a surrogate pair, escaped by a backslash that is not itself escaped
            when regexp_like(
                replace(document, '\\', ''),
                '(?i)\\ud[89ab][0-9a-f]{2}(?!\\ud[c-f])|(?<!\\ud[89ab][0-9a-f]{2})\\ud[c-f]'
            ) then false
            else try(json_parse(document)) is not null
        end as is_json
    from documents

)

select
    line,
    file_name,
    ingest_date,
    is_json,
    {%- for column, field in fields.items() %}
    nullif(
        case when is_json then {{ _athena_json_text('document', field) }} end,
        'null'
    ) as {{ column }}{{ ',' if not loop.last }}
    {%- endfor %}
from parsed
{% endmacro %}
