"""Athena's statements as Trino's: pure functions, which reject what Athena rejects.

A query is the same in both. What differs is data definition and upkeep: Athena spells table
properties in its own way, has one catalog where Trino has one for Hive and one for Iceberg, and
takes Hive's DDL, backticks included.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from local_athena.trino import HIVE, ICEBERG

# What Athena keeps with an Iceberg table for OPTIMIZE and VACUUM; Trino has no such properties.
UPKEEP = frozenset(
    {
        "optimize_rewrite_data_file_threshold",
        "optimize_rewrite_delete_file_threshold",
        "optimize_rewrite_max_data_file_size_bytes",
        "optimize_rewrite_min_data_file_size_bytes",
        "vacuum_max_metadata_files_to_keep",
        "vacuum_max_snapshot_age_seconds",
        "vacuum_min_snapshots_to_keep",
    }
)
# Of a CTAS, Athena's names with Trino's; None: of no meaning to Trino.
ICEBERG_PROPERTIES = {
    "table_type": None,
    "is_external": None,
    "location": "location",
    "format": "format",
    "partitioning": "partitioning",
    "write_compression": None,
}
HIVE_PROPERTIES = {
    "table_type": None,
    "is_external": None,
    "external_location": "external_location",
    "format": "format",
    "partitioned_by": "partitioned_by",
    "bucketed_by": "bucketed_by",
    "bucket_count": "bucket_count",
    "field_delimiter": "textfile_field_separator",
    "write_compression": None,
}

_TOKEN = re.compile(
    r"""(?P<text>'(?:[^']|'')*')
    |(?P<quoted>"(?:[^"]|"")*")
    |(?P<backtick>`[^`]*`)
    |(?P<comment>--[^\n]*|/\*.*?\*/)
    |(?P<space>\s+)
    |(?P<word>\w+)
    |(?P<symbol>.)""",
    re.VERBOSE | re.DOTALL,
)
_NAME = r"""[`"]?(\w+)[`"]?"""
_TABLE = rf"(?:{_NAME}\.)?{_NAME}\.{_NAME}"  # catalog, schema, table
_DDL = re.compile(r"(alter|create|describe|drop|msck|show)\b", re.IGNORECASE)
_UTILITY = re.compile(r"(optimize|vacuum)\b", re.IGNORECASE)
_CTAS = re.compile(rf"create\s+table\s+{_TABLE}\s*with\s*\(", re.IGNORECASE)
_EXTERNAL = re.compile(
    rf"create\s+external\s+table\s+(?:if\s+not\s+exists\s+)?{_TABLE}\s*\((?P<columns>[^)]*)\)"
    r"\s*(?:row\s+format\s+serde\s+'(?P<serde>[^']*)')?\s*location\s+'(?P<location>[^']*)'"
    r"\s*(?:tblproperties\s*\((?P<properties>[^)]*)\))?\s*;?\s*",
    re.IGNORECASE,
)
_SCHEMA = re.compile(
    rf"(create|drop)\s+(?:schema|database)\s+(if\s+(?:not\s+)?exists\s+)?(?:{_NAME}\.)?{_NAME}"
    r"(\s+cascade)?\s*;?\s*",
    re.IGNORECASE,
)
_DROP = re.compile(rf"drop\s+(table|view)\s+(if\s+exists\s+)?{_TABLE}\s*;?\s*", re.IGNORECASE)
_RENAME = re.compile(
    rf"alter\s+table\s+{_TABLE}\s+rename\s+to\s+(?:{_NAME}\.)?{_NAME}\s*;?\s*", re.IGNORECASE
)
_SET_PROPERTIES = re.compile(
    rf"alter\s+table\s+{_TABLE}\s+set\s+tblproperties\s*\((.*)\)\s*;?\s*", re.IGNORECASE | re.DOTALL
)
_OPTIMIZE = re.compile(
    rf"optimize\s+{_TABLE}\s+rewrite\s+data\s+using\s+bin_pack\s*(where\s.+?)?\s*;?\s*",
    re.IGNORECASE | re.DOTALL,
)
_VACUUM = re.compile(rf"vacuum\s+{_TABLE}\s*;?\s*", re.IGNORECASE)
_PROPERTY = re.compile(r"""\s*['"](?P<name>[\w.]+)['"]\s*=\s*['"](?P<value>[^'"]*)['"]\s*""")
_OPEN_CSV = "org.apache.hadoop.hive.serde2.OpenCSVSerde"
_CSV_PROPERTIES = {"skip.header.line.count": "skip_header_line_count"}


class Rejected(Exception):
    """A statement that Athena does not take. Its text is the reason that Athena gives."""


@dataclass(frozen=True)
class Statement:
    """A statement of Athena's in Trino's terms."""

    kind: str  # DML, DDL or UTILITY, as Athena tells them apart
    trino: tuple[str, ...] = ()  # what Trino is to run, one after the other
    iceberg_query: str | None = None  # the query that fills an Iceberg table
    table: tuple[str, str] = ("", "")  # schema and name of what is changed
    properties: dict[str, str] = field(default_factory=dict)  # Athena's own, to keep with the table
    vacuum: tuple[str, str] | None = None  # the table that is to be vacuumed


def translate(sql: str) -> Statement:
    """A statement in Trino's terms. Raises Rejected where Athena would not take it."""
    statement = _without_comments_before(sql).strip()
    if head := _CTAS.match(statement):
        return _create_table_as(statement, head)
    if _UTILITY.match(statement):
        return _upkeep(statement)
    if _DDL.match(statement) and not re.match(
        r"create\s+(or\s+replace\s+)?view|create\s+table\s.*\sas\s", statement, re.I | re.DOTALL
    ):
        return _definition(statement)
    if re.match(r"create\s+table", statement, re.IGNORECASE):
        raise Rejected("SYNTAX_ERROR: this stand-in knows a CTAS by its properties alone")
    _reject_backticks(statement)
    kind = "DDL" if _DDL.match(statement) else "DML"
    return Statement(kind, (statement.rstrip().rstrip(";"),))


def _tokens(sql: str) -> Iterator[re.Match[str]]:
    return _TOKEN.finditer(sql)


def _without_comments_before(sql: str) -> str:
    for token in _tokens(sql):
        if token.lastgroup not in ("comment", "space"):
            return sql[token.start() :]
    return ""


def _reject_backticks(sql: str) -> None:
    for token in _tokens(sql):
        if token.lastgroup == "backtick":
            raise Rejected(
                "Queries of this type are not supported: backquoted identifiers are not "
                f"supported; use double quotes to quote identifiers, as in {token[0]}"
            )


def _create_table_as(statement: str, head: re.Match[str]) -> Statement:
    _reject_backticks(statement)
    _, schema, table = head.groups()
    given, rest = _property_list(statement[head.end() :])
    query = re.sub(r"^\s*as\b", "", rest, flags=re.IGNORECASE).strip().rstrip(";")
    iceberg = given.get("table_type", "'hive'").strip("'").lower() == "iceberg"
    known = ICEBERG_PROPERTIES if iceberg else HIVE_PROPERTIES
    unknown = given.keys() - known.keys() - (UPKEEP if iceberg else set())
    if unknown:
        raise Rejected(f"SYNTAX_ERROR: table property '{min(unknown)}' does not exist")
    if iceberg and "location" not in given:
        raise Rejected(
            "HIVE_METASTORE_ERROR: Table location can not be null. Please specify a location"
        )
    if iceberg and given.get("is_external") != "false":
        raise Rejected("NOT_SUPPORTED: an Iceberg table is not external: is_external = false")
    properties = ", ".join(f"{known[k]} = {v}" for k, v in given.items() if known.get(k))
    target = f'{ICEBERG if iceberg else HIVE}."{schema}"."{table}"'
    return Statement(
        "DDL",
        (f"create table {target} with ({properties}) as\n{query}",),
        iceberg_query=query if iceberg else None,
        table=(schema, table),
        properties={name: value.strip("'") for name, value in given.items() if name in UPKEEP},
    )


def _property_list(text: str) -> tuple[dict[str, str], str]:
    """Properties up to the parenthesis that closes them, and what comes after it."""
    depth, parts, part = 1, [], ""
    for token in _tokens(text):
        depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(token[0], 0)
        if depth == 0:
            parts.append(part)
            pairs = (p.partition("=") for p in parts if p.strip())
            found = {name.strip().lower(): value.strip() for name, _, value in pairs}
            return found, text[token.end() :]
        if depth == 1 and token[0] == ",":
            parts.append(part)
            part = ""
        else:
            part += token[0]
    raise Rejected("SYNTAX_ERROR: the table's properties do not end")


def _definition(statement: str) -> Statement:
    """Hive's DDL, by a pattern for each form that is needed here."""
    if found := _EXTERNAL.fullmatch(statement):
        return _external_table(found)
    if found := _SCHEMA.fullmatch(statement):
        verb, condition, _, schema, cascade = found.groups()
        return Statement(
            "DDL", (f'{verb} schema {condition or ""}{HIVE}."{schema}"{cascade or ""}',)
        )
    if found := _DROP.fullmatch(statement):
        what, condition, _, schema, table = found.groups()
        return Statement("DDL", (f'drop {what} {condition or ""}{HIVE}."{schema}"."{table}"',))
    if found := _RENAME.fullmatch(statement):
        _, schema, table, to_schema, to_table = found.groups()
        source = f'{ICEBERG}."{schema}"."{table}"'
        target = f'{ICEBERG}."{to_schema or schema}"."{to_table}"'
        return Statement("DDL", (f"alter table {source} rename to {target}",))
    if found := _SET_PROPERTIES.fullmatch(statement):
        _, schema, table, properties = found.groups()
        return Statement("DDL", table=(schema, table), properties=_pairs(properties))
    if re.match(r"(show|describe)\b", statement, re.IGNORECASE):
        return Statement("DDL", (statement.replace("`", '"').rstrip(";"),))
    raise Rejected(f"SYNTAX_ERROR: no such statement here: {statement[:200]}")


def _external_table(found: re.Match[str]) -> Statement:
    _, schema, table, *_ = found.groups()
    columns = []
    for column in found["columns"].split(","):
        name, column_type = column.split()
        columns.append(f'"{name.strip("`")}" {re.sub("^string$", "varchar", column_type)}')
    properties = {"external_location": found["location"].rstrip("/") + "/"}
    sql = [f"{name} = '{value}'" for name, value in properties.items()]
    if found["serde"] not in (None, _OPEN_CSV):
        raise Rejected(f"SYNTAX_ERROR: no such serde here: {found['serde']}")
    sql.append(f"format = '{'CSV' if found['serde'] else 'TEXTFILE'}'")
    for name, value in _pairs(found["properties"] or "").items():
        sql.append(f"{_CSV_PROPERTIES[name]} = {value}")
    target = f'{HIVE}."{schema}"."{table}"'
    return Statement(
        "DDL", (f"create table {target} ({', '.join(columns)}) with ({', '.join(sql)})",)
    )


def _pairs(text: str) -> dict[str, str]:
    """'name' = 'value', … as a dictionary."""
    pairs = {}
    for part in filter(str.strip, text.split(",")):
        if (found := _PROPERTY.fullmatch(part)) is None:
            raise Rejected(f"SYNTAX_ERROR: not a property: {part.strip()}")
        pairs[found["name"]] = found["value"]
    return pairs


def _upkeep(statement: str) -> Statement:
    _reject_backticks(statement)
    if found := _OPTIMIZE.fullmatch(statement):
        _, schema, table, where = found.groups()
        optimize = f'alter table {ICEBERG}."{schema}"."{table}" execute optimize {where or ""}'
        return Statement("UTILITY", (optimize.strip(),), table=(schema, table))
    if found := _VACUUM.fullmatch(statement):
        _, schema, table = found.groups()
        return Statement("UTILITY", table=(schema, table), vacuum=(schema, table))
    raise Rejected(f"SYNTAX_ERROR: no such statement: {statement[:200]}")
