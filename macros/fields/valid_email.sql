{#
    'ann@example.com' stays; 'ann@' and 'a@b@c' give null, and so does an address with a character that cannot be seen or
    that is taken for an @, because it would look like another person's: control characters, blanks beyond the space,
    Unicode's Default_Ignorable_Code_Point, U+FE6B and U+FF20.
#}
{% macro valid_email(email) -%}
    {%- set unseen = [
        '1-1F', '7F-A0', 'AD', '34F', '61C', '115F-1160', '1680', '17B4-17B5', '180B-180F', '2000-200F', '2028-202F',
        '205F-206F', '3000', '3164', 'FE00-FE0F', 'FE6B', 'FEFF', 'FF20', 'FFA0', 'FFF0-FFF8', 'E0000-E0FFF',
    ] -%}
    {%- set pattern = '[\\x{' ~ unseen | join('}\\x{') | replace('-', '}-\\x{') ~ '}]' -%}
    case
            when
                {{ email }} like '%_@_%'
                and {{ email }} not like '%@%@%'
                and regexp_replace({{ email }}, '{{ pattern }}', '') = {{ email }}
                then {{ email }}
        end
{%- endmacro %}
