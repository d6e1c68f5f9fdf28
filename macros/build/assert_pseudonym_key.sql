{#
    Stops a run before any table changes where there is not exactly one pseudonym key of at least 32 characters.

    Returns the key's id: the pseudonym, under it, of an empty email. It tells one key from another and nothing of either.
#}
{% macro assert_pseudonym_key() %}
    {%- set found = run_query(
        "select count(*), coalesce(min(length(pseudonym_key)), 0), min(" ~ pseudonym("''", 'pseudonym_key') ~ ") from "
        ~ source('restricted', 'pseudonym_key')
    ).rows[0] -%}
    {%- if found[0] != 1 or found[1] < 32 -%}
        {{ exceptions.raise_compiler_error(
            ("There is no pseudonym key." if found[0] == 0 else
             "There are " ~ found[0] ~ " pseudonym keys." if found[0] > 1 else
             "The pseudonym key is " ~ found[1] ~ " characters long; it takes 32.")
            ~ " customer_id cannot be made and no table has been changed. To make a key, once: "
            ~ "`python scripts/pseudonym_key.py` (it is written to .secrets/pseudonym_key, or to "
            ~ "$STEDI_PSEUDONYM_KEY_FILE). If there was a key before, restore it: a new one changes every id."
        ) }}
    {%- endif -%}
    {{ return(found[2]) }}
{% endmacro %}
