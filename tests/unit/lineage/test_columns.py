"""Which values flow into a column and which do not, in DuckDB's SQL and in Athena's."""

from __future__ import annotations

import pytest

from stedi.lineage.columns import LineageError, Origin, Table, Tables, output_origins

EMAIL = Origin("people", "email", "direct")
PHONE = Origin("people", "phone", "direct")
AT = Origin("people", "at", "indirect")
KEY = Origin("restricted.pseudonym_key", "pseudonym_key", "direct")
LINE = Origin("landing.note", "line", "direct")
FILE = Origin("landing.note", "file", "direct")
USER = Origin("landing.note", "line", "direct", "user")
X = Origin("landing.note", "line", "indirect", "x")
ID = EMAIL._replace(level="indirect", is_pseudonym=True)

TABLES: Tables = {
    ("s", "people"): Table({origin.column: {origin: ()} for origin in (EMAIL, PHONE, AT)}),
    ("s", "key"): Table({KEY.column: {KEY: ()}}),
    ("s", "note"): Table({LINE.column: {LINE: ()}, FILE.column: {FILE: ()}}, {"x": "indirect"}),
    # a model that was walked before: what it kept of lines is no line that is read here
    ("s", "kept"): Table({"line": {LINE: ("kept.line",)}, "user": {USER: ("kept.user",)}}),
}


def made_of(sql: str, dialect: str = "duckdb") -> set[Origin]:
    """The origins of a query's last column."""
    return {*[*output_origins(sql, dialect, TABLES).values()][-1]}


FLOWS = {
    "a column": ("select email from s.people", {EMAIL}),
    "another name": ("select email as note from s.people", {EMAIL}),
    "all columns": ("select * from s.people", {AT}),
    "all but some": ("select * exclude (at) from s.people", {PHONE}),
    "one replaced": ("select * exclude (at) replace (email as phone) from s.people", {EMAIL}),
    "one renamed": ("select * exclude (phone) rename (email as at2) from s.people", {AT}),
    "a quoted name": ('select "EMAIL" from s.people', {EMAIL}),
    "another catalog": ('select email from "memory"."s"."people"', {EMAIL}),
    "a hash": ("select md5(email) from s.people", {EMAIL}),
    "an unknown function": ("select whatever(email, 1) from s.people", {EMAIL}),
    "a part": ("select email[1:3] from s.people", {EMAIL}),
    "an operator": ("select 'a' || email from s.people", {EMAIL}),
    "two": ("select email || phone from s.people", {EMAIL, PHONE}),
    "a cast": ("select email::blob from s.people", {EMAIL}),
    "a length": ("select length(email) from s.people", {EMAIL}),
    "an aggregate": ("select string_agg(email, ',') from s.people", {EMAIL}),
    "an aggregate by another": ("select arg_max(at, email) from s.people", {AT, EMAIL}),
    "a list": ("select list(email)[1] from s.people", {EMAIL}),
    "a list comprehension": ("select [upper(c) for c in [email]] from s.people", {EMAIL}),
    "a lambda": ("select list_transform([1], lambda c: c || email) from s.people", {EMAIL}),
    "a struct": ("select struct_pack(e := email, a := at).a from s.people", {EMAIL, AT}),
    "a braced struct": ("select {'e': email} from s.people", {EMAIL}),
    "a whole row": ("select p from s.people as p", {EMAIL, PHONE, AT}),
    "a whole row as JSON": ("select to_json(people) from s.people", {EMAIL, PHONE, AT}),
    "a whole row of a CTE": (
        "with a as (select email, 1 as b from s.people) select a from a", {EMAIL},
    ),
    "a value of a case": ("select case when at is null then email end from s.people", {EMAIL}),
    "an else": ("select case when at is null then 1 else email end from s.people", {EMAIL}),
    "what a case asks": ("select case when email like 'a%' then 1 end from s.people", {EMAIL}),
    "what a case begins with": ("select case email when 'a' then 1 end from s.people", {EMAIL}),
    "an if": ("select if(email > 'm', 1, 2) from s.people", {EMAIL}),
    "a comparison": ("select email = phone from s.people", {EMAIL, PHONE}),
    "a coalesce": ("select coalesce(null, email) from s.people", {EMAIL}),
    "CTEs": (
        "with a as (select email as b from s.people), c as (select b as d from a) "
        "select d from c", {EMAIL},
    ),
    "a CTE that names its columns": (
        "with a(b, c) as (select email, at from s.people) select b from a", {EMAIL},
    ),
    "a CTE that hides a table": (
        "with people as (select at as email from s.people) select email from people", {AT},
    ),
    "a derived table": ("select b from (select email as b from s.people)", {EMAIL}),
    "a union": ("select at from s.people union all select email from s.people", {AT, EMAIL}),
    "a union of three": (
        "select 1 union select at from s.people union all (select phone from s.people)",
        {AT, PHONE},
    ),
    "an except": ("select email from s.people except select 'a'", {EMAIL}),
    "a scalar query": ("select (select max(email) from s.people)", {EMAIL}),
    "a correlated query": (
        "select (select p.email from s.key) from s.people as p", {EMAIL},
    ),
    "a query in a case": (
        "select case when 'a' in (select email from s.people) then 1 end", {EMAIL},
    ),
    "an exists": ("select exists(select email from s.people)", {EMAIL}),
    "using": ("select email from s.people join s.people as b using (email)", {EMAIL}),
    "a window": ("select first_value(email) over (order by at) from s.people", {EMAIL}),
    "unnest": ("select u.c from s.people, unnest([email]) as u(c)", {EMAIL}),
    "unnest in a select": ("select unnest([email]) from s.people", {EMAIL}),
    "lateral": ("select l.b from s.people, lateral (select email as b) as l", {EMAIL}),
    "an alias of the same select": ("select email as a, a || 'x' as b from s.people", {EMAIL}),
    "a map": ("select map {'a': email} from s.people", {EMAIL}),
    "a regular expression": ("select regexp_extract(email, '^(.)', 1) from s.people", {EMAIL}),
    "a date part": ("select extract(year from at) from s.people", {AT}),
    "an interval": ("select at + interval 1 day from s.people", {AT}),
    "values": ("select b from (values (1), (2)) as v(b)", set()),
    "a literal": ("select 'ann@example.com' from s.people", set()),
    "no hash of keys": ("select hmac_sha256(email, 'literal') from s.people", {EMAIL}),
    "the key and more": (
        "select hmac_sha256(email, pseudonym_key || 'a') from s.people, s.key", {EMAIL, KEY},
    ),
    "a part of the key": (
        "select hmac_sha256(email, left(pseudonym_key, 1)) from s.people, s.key", {EMAIL, KEY},
    ),
    "key and email the wrong way": (
        "select hmac_sha256(pseudonym_key, email) from s.people, s.key", {EMAIL, KEY},
    ),
    "a key of some rows": (
        "with k as (select pseudonym_key as k from s.key union all select phone from s.people) "
        "select hmac_sha256(email, k.k) from s.people, k", {EMAIL, KEY, PHONE},
    ),
    "a pseudonym and what it is of": (
        "select hmac_sha256(email, pseudonym_key) || email from s.people, s.key", {ID, EMAIL},
    ),
    "a line": ("select line from s.note", {LINE}),
    "a line in a case": ("select case when true then line end from s.note", {LINE}),
    "a field": ("select json_extract_string(line, '$.user') from s.note", {USER}),
    "a field as an arrow": ("select line ->> '$.x' from s.note", {X}),
    "fields in a list": ("select json_extract(line, ['$.user', '$.x']) from s.note", {USER, X}),
    "a field of a list": ("select json_extract(line, ['$.user', '$.x'])[2] from s.note", {X}),
    "a field of a list in a CTE": (
        "with a as (select case when length(line) > 1 then json_extract(line, ['$.x', '$.user']) "
        "end as f from s.note), b as (select f as g from a) select g[2] from b", {USER},
    ),
    "a field by no literal": ("select json_extract(line, '$.' || 'x') from s.note", {LINE}),
    "the whole object": ("select json_extract(line, '$') from s.note", {LINE}),
    "a field of a kept line": ("select json_extract(line, '$.x') from s.kept", {LINE}),
    "what a kept line is asked": ("select case when line > 'a' then 1 end from s.kept", {LINE}),
    "what a field is asked": (
        "select case when json_extract(line, '$.user') like 'a' then 1 end from s.note", {USER},
    ),
    "what a file is asked": ("select case when file > 'a' then 1 end from s.note", {FILE}),
}  # fmt: skip

FLOWS_NOT = {
    "a pseudonym": ("select hmac_sha256(email, pseudonym_key) from s.people, s.key", {ID}),
    "a pseudonym through CTEs": (
        "with p as (select * from s.people), k as (select pseudonym_key as b from s.key) "
        "select hmac_sha256(p.email, k.b) from p cross join k", {ID},
    ),
    "a number of rows": ("select count(*) from s.people", set()),
    "a number of people": ("select count(distinct email) from s.people", set()),
    "a number of some": ("select count(*) filter (where email like 'a%') from s.people", set()),
    "a number beside": ("select count(*) over (partition by email) from s.people", set()),
    "whether it is there": ("select email is not null from s.people", set()),
    "a case of that": ("select case when email is null then 'none' end from s.people", set()),
    "where": ("select at from s.people where email like 'a%'", {AT}),
    "join": ("select p.at from s.people as p join s.kept on p.email = kept.user", {AT}),
    "group by": ("select max(at) from s.people group by email having min(phone) > ''", {AT}),
    "order by": ("select at from s.people order by email limit 1", {AT}),
    "a semi-join": ("select at from s.people where email in (select user from s.kept)", {AT}),
    "the next of one person": (
        "select lead(at) over (partition by email order by phone) from s.people", {AT},
    ),
    "which record": ("select row_number() over (partition by email) from s.people", set()),
    "what a line is asked": ("select case when line like '{%' then 1 end from s.note", set()),
}  # fmt: skip

REFUSED = {
    "a recursive query": (
        "with recursive a as (select email, 1 as n from s.people union all "
        "select n::varchar, 2 from a) select email from a"
    ),
    "an unknown table": "select a from s.elsewhere",
    "a file": "select a from 'a.csv'",
    "a table function": "select * from read_csv('a.csv')",
    "an unknown column": "select nickname from s.people",
    "columns by a pattern": "select columns('e.*') from s.people",
    "columns by their place": "select #1 from s.people",
    "a method": "select email.lower() from s.people",
    "a method of a table's column": "select people.email.lower() from s.people",
    "a union by name": "select email from s.people union all by name select at from s.people",
    "a pivot": "from (pivot s.people on at using max(email))",
    "two of one name": "select at as a, email as a from s.people",
    "recursion": "with recursive a as (select email from s.people) select email from a",
    "no query": "drop table s.people",
    "no SQL": "select from where",
    "two queries": "select 1; select email from s.people",
}


@pytest.mark.parametrize("name", FLOWS)
def test_what_flows(name: str) -> None:
    sql, origins = FLOWS[name]
    assert made_of(sql) == origins


@pytest.mark.parametrize("name", FLOWS_NOT)
def test_what_does_not_flow(name: str) -> None:
    sql, origins = FLOWS_NOT[name]
    assert made_of(sql) == origins


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_followed_is_refused(name: str) -> None:
    with pytest.raises(LineageError):
        output_origins(REFUSED[name], "duckdb", TABLES)


def test_athenas_pseudonym_and_fields() -> None:
    made = output_origins(
        "select lower(to_hex(hmac_sha256(to_utf8(email), to_utf8(pseudonym_key)))) as id, "
        "lower(to_hex(hmac_sha256(to_utf8(email), to_utf8('a')))) as no_id, "
        "json_extract_scalar(line, '$.user') as u, json_format(json_extract(line, '$.x')) as x, "
        "regexp_replace(line, '(..)', m -> chr(from_base(m[1], 16))) as l "
        "from s.people cross join s.key cross join s.note",
        "athena", TABLES,
    )  # fmt: skip
    assert {name: [*origins] for name, origins in made.items()} == {
        "id": [ID], "no_id": [EMAIL], "u": [USER], "x": [X], "l": [LINE],
    }  # fmt: skip


def test_each_origin_has_a_path() -> None:
    made = output_origins("select user as b from s.kept", "duckdb", TABLES)
    assert made == {"b": {USER: ("kept.user",)}}
    assert str(USER) == "field user of landing.note.line"
    assert str(ID) == "pseudonym of people.email"
