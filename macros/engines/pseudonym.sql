{#
    The key is a column (of restricted.pseudonym_key), never a literal, so that no SQL text shows it.

      duckdb  hmac_sha256(email, pseudonym_key), a function of the plugin, because DuckDB has none
      athena  lower(to_hex(hmac_sha256(to_utf8(email), to_utf8(pseudonym_key))))
#}
{% macro pseudonym(email, key) -%}
    {{ return(adapter.dispatch('pseudonym')(email, key)) }}
{%- endmacro %}

{% macro duckdb__pseudonym(email, key) -%}
    hmac_sha256({{ email }}, {{ key }})
{%- endmacro %}

{% macro athena__pseudonym(email, key) -%}
    lower(to_hex(hmac_sha256(to_utf8({{ email }}), to_utf8({{ key }}))))
{%- endmacro %}
