"""A small evaluator of IAM policies: do a role's and a bucket's policies allow a request?

Written from the rules of IAM's policy evaluation, independently of stedi.provisioning.policies: an
explicit Deny wins, then an Allow is needed. It raises an error for what it does not know.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

Policy = dict[str, Any]
Statement = dict[str, Any]
_KNOWN = {"Sid", "Effect", "Principal", "Action", "Resource", "Condition"}


@dataclass(frozen=True)
class Request:
    """A request: who wants to do what with which resource, and its condition keys."""

    principal: str  # the ARN of a role
    action: str
    resource: str
    context: dict[str, str] = field(default_factory=dict)


def is_allowed(request: Request, identity: Iterable[Policy], resource: Iterable[Policy]) -> bool:
    """Whether the policies of a role and of a resource, in one account, allow a request."""
    statements = [s for policy in identity for s in policy["Statement"]]
    attached = [s for policy in resource for s in policy["Statement"]]
    concerned = [s for s in statements if _concerns(s, request)]
    concerned += [
        s for s in attached if _concerns(s, request) and _names(s["Principal"], request.principal)
    ]
    effects = {statement["Effect"] for statement in concerned}
    return "Deny" not in effects and "Allow" in effects


def _names(principal: Any, role: str) -> bool:
    """Whether a resource's policy names this role. An account's name leaves the decision to IAM."""
    if principal == "*":
        return True
    if set(principal) != {"AWS"}:
        raise NotImplementedError(principal)
    return role in _as_list(principal["AWS"]) or "*" in _as_list(principal["AWS"])


def _concerns(statement: Statement, request: Request) -> bool:
    if unknown := statement.keys() - _KNOWN:
        raise NotImplementedError(unknown)
    return (
        any(
            _matches(action.lower(), request.action.lower())
            for action in _as_list(statement["Action"])
        )
        and any(_matches(arn, request.resource) for arn in _as_list(statement["Resource"]))
        and all(
            _holds(operator, request.context.get(key), _as_list(values))
            for operator, tests in statement.get("Condition", {}).items()
            for key, values in tests.items()
        )
    )


def _holds(operator: str, found: str | None, values: list[str]) -> bool:
    """Whether a condition holds. A missing key fails every operator, but passes a negated one."""
    if operator == "Null":
        return (found is None) == (values == ["true"])
    compare, negated = _OPERATORS[operator]  # KeyError for an unknown operator
    if found is None:
        return negated
    return any(compare(value, found) for value in values) != negated


def _as_number(compare: Callable[[float, float], bool]) -> Callable[[str, str], bool]:
    return lambda value, found: compare(float(found), float(value))


def _matches(pattern: str, text: str) -> bool:
    return _regex(pattern).fullmatch(text) is not None


@cache
def _regex(pattern: str) -> re.Pattern[str]:
    """A pattern in which `*` is any text and `?` any character. Raises for policy variables."""
    if "${" in pattern:
        raise NotImplementedError(pattern)
    return re.compile(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."), re.DOTALL)


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


_OPERATORS: dict[str, tuple[Callable[[str, str], bool], bool]] = {
    "Bool": (lambda value, found: value.lower() == found.lower(), False),
    "StringEquals": (lambda value, found: value == found, False),
    "StringNotEquals": (lambda value, found: value == found, True),
    "StringLike": (_matches, False),
    "ArnNotEquals": (_matches, True),
    "ArnEquals": (_matches, False),
    "NumericLessThan": (_as_number(lambda found, value: found < value), False),
}
