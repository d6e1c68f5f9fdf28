"""Reads and checks infrastructure/config.toml."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields
from datetime import date, datetime
from pathlib import Path
from typing import Any

from stedi.errors import UsageError
from stedi.layout import QUERYING_ROLES

_STACK = re.compile(r"[a-zA-Z][a-zA-Z0-9-]{0,127}")
_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d")
_BUCKET = re.compile(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]")
_PREFIX = re.compile(r"[a-z][a-z0-9]{0,30}")


@dataclass(frozen=True)
class Config:
    """The entries of infrastructure/config.toml, which explains each of them."""

    stack: str
    region: str
    bucket: str
    prefix: str
    landing_start: date
    noncurrent_days: int
    results_days: int
    scan_limit_gb: int
    vpc_id: str | None = None
    route_table_ids: Sequence[str] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    assumed_by: Mapping[str, list[str]] = field(default_factory=dict)


def load_config(path: Path) -> Config:
    """Reads and checks a configuration file.

    Raises UsageError, which names the file, the entry and what to write there.
    """
    try:
        with path.open("rb") as file:
            entries = tomllib.load(file)
    except OSError as error:
        raise UsageError(
            f"{path}: {error.strerror}; name the configuration with --config"
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: not valid TOML: {error}") from error
    if problem := _problem(entries):
        raise UsageError(f"{path}: {problem}")
    return Config(**entries)


def _problem(entries: dict[str, Any]) -> str | None:
    """The first entry that cannot be used and what to write instead; None if all are good."""
    known = {entry.name for entry in fields(Config)}
    optional = {e.name for e in fields(Config) if (e.default, e.default_factory) != (MISSING,) * 2}
    if missing := sorted(known - optional - entries.keys()):
        return f"missing entry {missing[0]}"
    if unknown := sorted(entries.keys() - known):
        return f"unknown entry {unknown[0]}; expected one of {', '.join(sorted(known))}"
    for name, pattern, expected in (
        ("stack", _STACK, "letters, digits and hyphens, such as stedi-lakehouse"),
        ("region", _REGION, "a region, such as us-east-1"),
        ("bucket", _BUCKET, "3 to 63 lowercase letters, digits and hyphens"),
        ("prefix", _PREFIX, "lowercase letters and digits, such as stedi"),
    ):
        if not isinstance(entries[name], str) or not pattern.fullmatch(entries[name]):
            return f"{name} = {entries[name]!r}; expected {expected}"
    for name in ("noncurrent_days", "results_days", "scan_limit_gb"):
        if type(entries[name]) is not int or entries[name] < 1:
            return f"{name} = {entries[name]!r}; expected a whole number, 1 or more"
    start = entries["landing_start"]
    if not isinstance(start, date) or isinstance(start, datetime):
        return f"landing_start = {start!r}; expected a date without quotes, such as 2022-01-01"
    return (
        _problem_of_network(
            entries.get("vpc_id", "vpc-0"), entries.get("route_table_ids", ["rtb-0"])
        )
        or _problem_of_tags(entries.get("tags", {}))
        or _problem_of_assumed_by(entries.get("assumed_by", {}))
    )


def _problem_of_network(vpc_id: Any, route_table_ids: Any) -> str | None:
    if not isinstance(vpc_id, str) or not vpc_id.startswith("vpc-"):
        return f'vpc_id = {vpc_id!r}; expected an id, such as "vpc-0123456789abcdef0"'
    if not isinstance(route_table_ids, list) or not all(
        isinstance(table, str) and table.startswith("rtb-") for table in route_table_ids
    ):
        return (
            f"route_table_ids = {route_table_ids!r}; expected a list of ids, such as "
            '["rtb-0123456789abcdef0"]'
        )
    return None


def _problem_of_tags(tags: Any) -> str | None:
    if not isinstance(tags, dict) or not all(isinstance(value, str) for value in tags.values()):
        return 'tags: expected lines of name = "value"'
    return None


def _problem_of_assumed_by(assumed_by: Any) -> str | None:
    if not isinstance(assumed_by, dict):
        return 'assumed_by: expected lines of role = ["arn:..."]'
    for role, arns in assumed_by.items():
        if role not in QUERYING_ROLES:
            return f"assumed_by: unknown role {role}; expected one of {', '.join(QUERYING_ROLES)}"
        if not isinstance(arns, list) or not arns or not all(_is_arn(arn) for arn in arns):
            return f'assumed_by.{role}: expected a list of ARNs, such as ["arn:aws:iam::..."]'
    return None


def _is_arn(value: Any) -> bool:
    return isinstance(value, str) and value.startswith("arn:")
