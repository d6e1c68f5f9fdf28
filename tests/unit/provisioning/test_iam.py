"""The tests' evaluator of IAM policies, on the rules that our policies depend on."""

from __future__ import annotations

from typing import Any

import pytest

from support.iam import Request, is_allowed

ROLE = "arn:aws:iam::123456789012:role/a"
OBJECT = "arn:aws:s3:::b/k"


def policy(effect: str = "Allow", **more: Any) -> dict[str, Any]:
    statement = {"Effect": effect, "Action": "s3:GetObject", "Resource": OBJECT}
    return {"Statement": [statement | more]}


def allows(*identity: dict[str, Any], resource: Any = (), **context: str) -> bool:
    request = Request(
        ROLE, "s3:GetObject", OBJECT, {k.replace("_", ":"): v for k, v in context.items()}
    )
    return is_allowed(request, identity, resource)


def test_nothing_is_allowed_by_default() -> None:
    assert not allows()
    assert allows(policy())


def test_deny_wins_from_either_side() -> None:
    assert not allows(policy(), policy("Deny"))
    assert not allows(policy(), resource=[policy("Deny", Principal="*")])


def test_deny_of_another_role_does_not_matter() -> None:
    assert allows(policy(), resource=[policy("Deny", Principal={"AWS": ROLE + "2"})])


@pytest.mark.parametrize(
    ("action", "resource", "expected"),
    [
        ("s3:Get*", OBJECT, True),
        ("S3:getobject", OBJECT, True),
        ("s3:GetObjec", OBJECT, False),
        ("s3:GetObject?", OBJECT, False),
        (["s3:PutObject", "s3:*"], ["x", "*"], True),
        ("s3:*", "arn:aws:s3:::b/*", True),
        ("s3:*", "arn:aws:s3:::B/*", False),
        ("s3:*", "arn:aws:s3:::b", False),
    ],
)
def test_wildcards(action: Any, resource: Any, expected: bool) -> None:
    assert allows(policy(Action=action, Resource=resource)) is expected


@pytest.mark.parametrize(
    ("operator", "value", "found", "expected"),
    [
        ("Bool", "false", "false", True),
        ("Bool", "false", None, False),
        ("StringEquals", ["u", "v"], "v", True),
        ("StringEquals", "v", None, False),
        ("StringNotEquals", ["u", "v"], "v", False),
        ("StringNotEquals", "v", "w", True),
        ("StringNotEquals", "v", None, True),
        ("StringLike", "v/*", "v/w", True),
        ("StringLike", "v/*", "v", False),
        ("ArnNotEquals", "arn:a", "arn:a", False),
        ("NumericLessThan", "1.2", "1.1", True),
        ("NumericLessThan", "1.2", "1.2", False),
        ("Null", "true", None, True),
        ("Null", "true", "v", False),
        ("Null", "false", "v", True),
    ],
)
def test_conditions(operator: str, value: Any, found: str | None, expected: bool) -> None:
    context = {} if found is None else {"a_key": found}
    assert allows(policy(Condition={operator: {"a:key": value}}), **context) is expected


@pytest.mark.parametrize(
    "unknown",
    [{"NotAction": "s3:*"}, {"Condition": {"DateLessThan": {"a": "b"}}}, {"Resource": "${aws:x}"}],
)
def test_unknown_elements_raise_an_error(unknown: dict[str, Any]) -> None:
    with pytest.raises((NotImplementedError, KeyError)):
        allows(policy(**unknown))
