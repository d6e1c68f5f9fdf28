{#
    The CTEs that read a landing table and take fields out of its lines, up to one named `fields`: one row per line, with
    line, file_name, ingest_date, is_json and a column per field. In a nightly build, only lines that have landed since the
    last completed build.

    relation  a landing source
    fields    {column: field}: the name of each column, and of the field in the JSON object

    A column holds the field's JSON text ('"a"', '1.5', '[]'), null where the field is absent or null, or where is_json is
    false. A line is JSON if it is one object by RFC 8259; one trailing comma is allowed, as in older files. Of two equal
    keys the first counts.

    The engines must accept and reject the same lines, so each is held back where it differs:
      duckdb  takes NaN, Infinity and a comma before a closing bracket; these are looked for outside of strings
      athena  takes half a surrogate pair as `?`; fails on deep nesting (1,000) and long strings (20 million characters),
              which try() does not catch; refuses keys beyond 50,000 characters. No honest delivery comes near these limits
      athena  keeps bytes that are not UTF-8; a file's name is a hidden column; json_extract gives a number beyond a double
              as the text "Infinity", where json_extract_scalar gives it as it was written

    Trailing blanks are not removed by a regular expression: Trino's take hours for a megabyte of blanks.
#}
{% macro landing_fields(relation, fields) -%}
    {{ return(adapter.dispatch('landing_fields')(relation, fields)) }}
{%- endmacro %}

{#- Condition: a document that an engine may fail to parse, or no object. Short documents cannot nest deep. -#}
{% macro _is_no_safe_object() -%}
    length(document) > 16000000
                or (
                    length(document) > 1000
                    and length(document) - length(replace(replace(document, '[', ''), '{', '')) > 500
                )
                or not (starts_with(document, '{') or starts_with(trim(leading ' ' || chr(9) from document), '{'))
{%- endmacro %}

{% macro duckdb__landing_fields(relation, fields) -%}
lines as (

    select
        line,
        file_name,
        cast(ingest_date as date) as ingest_date,
        case when line not like '%}' then trim(trailing ' ' || chr(9) from line) end as odd_line
    from {{ relation }}
    where {{ is_newly_landed() }}

),

documents as (

    select
        *,
        case when odd_line like '%,' then substr(odd_line, 1, length(odd_line) - 1) else line end as document
    from lines

),

parsed as (

    select
        *,
        case
            when
                {{ _is_no_safe_object() }}
                then null
            -- beyond RFC 8259: a quick look first, then one outside of strings
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
            -- a key that is too long for the other engine
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
    from documents

),

fields as (

    select
        line,
        file_name,
        ingest_date,
        field_values is not null as is_json,
        {%- for column in fields %}
        nullif(cast(field_values[{{ loop.index }}] as varchar), 'null') as {{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    from parsed

)
{%- endmacro %}

{% macro athena__landing_fields(relation, fields) -%}
lines as (

    select
        -- what is not UTF-8 becomes Latin-1 behind U+FFFD, as on the other engine (|| would fail beyond 1 MB)
        case
            when from_utf8(to_utf8(line)) = line then trim(leading chr(65279) from line)
            else lpad(
                regexp_replace(to_hex(to_utf8(line)), '(..)', x -> chr(from_base(x[1], 16))),
                1 + length(to_utf8(line)),
                chr(65533)
            )
        end as line,
        regexp_extract("$path", '[^/]+$') as file_name,
        cast(ingest_date as date) as ingest_date
    from {{ relation }}
    where {{ is_newly_landed() }}

),

odd_lines as (

    select
        *,
        case when line not like '%}' then trim(trailing ' ' || chr(9) from line) end as odd_line
    from lines

),

documents as (

    select
        *,
        case when odd_line like '%,' then substr(odd_line, 1, length(odd_line) - 1) else line end as document
    from odd_lines

),

parsed as (

    select
        *,
        case
            when
                {{ _is_no_safe_object() }}
                then null
            -- half a surrogate pair, escaped by a backslash that is not itself escaped
            when regexp_like(
                replace(document, '\\', ''),
                '(?i)\\ud[89ab][0-9a-f]{2}(?!\\ud[c-f])|(?<!\\ud[89ab][0-9a-f]{2})\\ud[c-f]'
            ) then null
            when try(json_parse(document)) is not null then document
        end as object_text
    from documents

),

extracted as (

    select
        *,
        {%- for column, field in fields.items() %}
        json_format(json_extract(object_text, '$.{{ field }}')) as {{ column }}_text{{ ',' if not loop.last }}
        {%- endfor %}
    from parsed

),

fields as (

    select
        line,
        file_name,
        ingest_date,
        object_text is not null as is_json,
        {%- for column, field in fields.items() %}
        {%- set scalar = "json_extract_scalar(object_text, '$." ~ field ~ "')" %}
        case
            when {{ column }}_text like '"%Infinity"' and {{ scalar }} not like '%Infinity' then {{ scalar }}
            when {{ column }}_text != 'null' then {{ column }}_text
        end as {{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    from extracted

)
{%- endmacro %}
