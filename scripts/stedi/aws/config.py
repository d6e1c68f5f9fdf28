"""TODO."""

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

_WORD = re.compile(r"[a-z][a-z0-9]{0,30}")
_STACK = re.compile(r"[a-zA-Z][a-zA-Z0-9-]{0,127}")
_BUCKET = re.compile(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]")
_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d")


class InvalidConfig(UsageError):
    """A configuration that cannot be used. Its text names the file and says what to write."""


@dataclass(frozen=True)
class Config:
    """The entries of infrastructure/config.toml, which says what each is for."""

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
    """Reads and checks a configuration. Raises InvalidConfig."""
    try:
        with path.open("rb") as file:
            entries = tomllib.load(file)
    except OSError as error:
        raise InvalidConfig(f"{path}: {error.strerror}; name another file with --config") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidConfig(f"{path}: not valid TOML: {error}") from error
    if problem := _problem(entries):
        raise InvalidConfig(f"{path}: {problem}")
    return Config(**entries)


def _problem(entries: dict[str, Any]) -> str | None:
    """What is wrong with the entries, if anything is."""
    known = {entry.name for entry in fields(Config)}
    optional = {e.name for e in fields(Config) if (e.default, e.default_factory) != (MISSING,) * 2}
    if missing := sorted(known - optional - entries.keys()):
        return f"{missing[0]} is missing"
    if unknown := sorted(entries.keys() - known):
        return f"{unknown[0]} is no entry; there are {', '.join(sorted(known))}"
    for name, pattern, example in (
        ("stack", _STACK, "letters, digits and hyphens, as stedi-lakehouse"),
        ("region", _REGION, "a region, as us-east-1"),
        ("bucket", _BUCKET, "3 to 63 lowercase letters, digits and hyphens"),
        ("prefix", _WORD, "lowercase letters and digits, as stedi"),
    ):
        if not isinstance(entries[name], str) or not pattern.fullmatch(entries[name]):
            return f"{name} = {entries[name]!r}; write {example}"
    for name in ("noncurrent_days", "results_days", "scan_limit_gb"):
        if type(entries[name]) is not int or entries[name] < 1:
            return f"{name} = {entries[name]!r}; write a whole number, 1 or more"
    start = entries["landing_start"]
    if not isinstance(start, date) or isinstance(start, datetime):
        return f"landing_start = {start!r}; write a day, as 2022-01-01, without quotes"
    return (
        _problem_of_network(
            entries.get("vpc_id", "vpc-0"), entries.get("route_table_ids", ["rtb-0"])
        )
        or _problem_of_tags(entries.get("tags", {}))
        or _problem_of_assumed_by(entries.get("assumed_by", {}))
    )


def _problem_of_network(vpc_id: Any, route_table_ids: Any) -> str | None:
    if not isinstance(vpc_id, str) or not vpc_id.startswith("vpc-"):
        return f'vpc_id = {vpc_id!r}; write an id, as "vpc-0123456789abcdef0"'
    if not isinstance(route_table_ids, list) or not all(
        isinstance(table, str) and table.startswith("rtb-") for table in route_table_ids
    ):
        return f'route_table_ids = {route_table_ids!r}; write ids, as ["rtb-0123456789abcdef0"]'
    return None


def _problem_of_tags(tags: Any) -> str | None:
    if not isinstance(tags, dict) or not all(isinstance(value, str) for value in tags.values()):
        return 'tags: write name = "value"'
    return None


def _problem_of_assumed_by(assumed_by: Any) -> str | None:
    if not isinstance(assumed_by, dict):
        return 'assumed_by: write role = ["arn:..."]'
    for role, arns in assumed_by.items():
        if role not in QUERYING_ROLES:
            return f"assumed_by.{role}: there is no such role, but {', '.join(QUERYING_ROLES)}"
        if not isinstance(arns, list) or not arns or not all(_is_arn(arn) for arn in arns):
            return f'assumed_by.{role}: write a list of ARNs, as ["arn:aws:iam::...:user/name"]'
    return None


def _is_arn(value: Any) -> bool:
    return isinstance(value, str) and value.startswith("arn:")
