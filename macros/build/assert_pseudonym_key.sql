{% macro assert_pseudonym_key() %}
    {%- set found = run_query(
        "select count(*), coalesce(min(length(pseudonym_key)), 0), min(" ~ pseudonym("''", 'pseudonym_key') ~ ") from "
        ~ source('restricted', 'pseudonym_key')
    ).rows[0] -%}
    {%- if found[0] != 1 or found[1] < 32 -%}
        {{ exceptions.raise_compiler_error(
            ("There is no pseudonym key." if found[0] == 0 else
             "There are " ~ found[0] ~ " pseudonym keys." if found[0] > 1 else
             "The pseudonym key has " ~ found[1] ~ " characters; it needs at least 32.")
            ~ " Without it there is no customer_id; no table has been changed. Make a key once, with `stedi key make` "
            ~ "(it writes .secrets/pseudonym_key, or $STEDI_PSEUDONYM_KEY_FILE). If there was a key before, restore it: "
            ~ "a new one changes every id."
        ) }}
    {%- endif -%}
    {{ return(found[2]) }}
{% endmacro %}
