"""Each role's policies, with the bucket's, evaluated action by action against permissions.txt."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from stedi.aws.names import Lakehouse
from stedi.layout import ROLES
from stedi.provisioning.policies import bucket_policy, key_policy, role_policy, trust_policy
from support.iam import Policy, Request, is_allowed

KEY = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"
ADMINISTRATOR: Policy = {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
SAFE_CALL = {"aws:SecureTransport": "true", "s3:TlsVersion": "1.3"}
Policies = dict[str, Policy]  # of each role, and the bucket's as `bucket`


class Permission(NamedTuple):
    """A line of permissions.txt, for one of its actions."""

    role: str
    action: str
    resource: str
    allowed: bool

    def __str__(self) -> str:
        return f"{self.role} {self.action} {self.resource} {'yes' if self.allowed else 'no'}"


def permissions() -> Iterator[Permission]:
    table = Path(__file__).with_name("permissions.txt").read_text()
    for line in table.splitlines():
        if line and not line.startswith("#"):
            role, actions, *resource, allowed = line.split()
            service, names = actions.split(":")
            for name in names.split(","):
                yield Permission(role, f"{service}:{name}", " ".join(resource), allowed == "yes")


PERMISSIONS = list(permissions())


def requests(lake: Lakehouse, permission: Permission) -> list[Request]:
    """The requests of one action. On a Glue table it makes three, and all must be allowed."""
    role, action, resource, _ = permission
    service = action.split(":")[0]
    context = SAFE_CALL | {"aws:PrincipalArn": lake.role_arn(role.removesuffix("+admin"))}
    arns = [lake.regional_arn(service, resource)]
    if resource == "*":
        arns = ["*"]
    elif service == "glue" and resource.startswith("table/"):
        _, database, _ = resource.split("/")
        parts = ("catalog", f"database/{database}", resource)
        arns = [lake.regional_arn("glue", part) for part in parts]
    elif service == "kms":
        key, _, through = resource.split()
        arns = [KEY if key == "key" else f"{KEY}-other"]
        context |= {"kms:ViaService": f"{through}.us-east-1.amazonaws.com"}
    elif service in ("iam", "sts"):
        arns = [f"arn:aws:iam::{lake.account}:{resource}"]
    elif resource == "bucket":
        arns = [lake.bucket_arn]
    elif resource.split()[0] == "elsewhere":
        place = "s3:::other-bucket" if service == "s3" else f"{service}:us-east-1:999999999999:"
        arns = [f"arn:aws:{place}" + resource.removeprefix("elsewhere").split("?")[0].strip()]
        context |= {"s3:prefix": resource.split("?")[1]} if "?" in resource else {}
    elif resource.startswith("?"):
        arns = [lake.bucket_arn]
        context |= {"s3:prefix": resource.removeprefix("?")}
    elif service == "s3":
        arns = [f"{lake.bucket_arn}/{resource}"]
        context |= {"s3:if-none-match": "*"} if action == "s3:PutObject" else {}
    return [Request(context["aws:PrincipalArn"], action, arn, context) for arn in arns]


def is_as_listed(lake: Lakehouse, permission: Permission, policies: Policies) -> bool:
    role = permission.role.removesuffix("+admin")
    identity = [policies[role], *([ADMINISTRATOR] if role != permission.role else [])]
    bucket = [policies["bucket"]] if permission.action.startswith("s3:") else []
    allowed = all(is_allowed(asked, identity, bucket) for asked in requests(lake, permission))
    return allowed is permission.allowed


@pytest.fixture(scope="module")
def policies(lake: Lakehouse) -> Policies:
    return {role: role_policy(lake, role, KEY) for role in ROLES} | {
        "bucket": bucket_policy(lake, KEY)
    }


@pytest.mark.parametrize("permission", PERMISSIONS, ids=str)
def test_role_may_do_what_permissions_txt_says_and_no_more(
    lake: Lakehouse, policies: Policies, permission: Permission
) -> None:
    assert is_as_listed(lake, permission, policies)


def mutants(policies: Policies) -> Iterator[tuple[str, Policies]]:
    """Every role's policy with one action or condition removed, or one statement on everything."""
    for role in ROLES:
        for index, statement in enumerate(policies[role]["Statement"]):
            name = f"{role} {statement['Sid']}"
            for action in statement["Action"]:
                yield (
                    f"{name} without {action}",
                    _changed(policies, role, index, lambda s, a=action: s["Action"].remove(a)),
                )
            if statement["Effect"] == "Allow" and statement["Resource"] != ["*"]:
                yield (
                    f"{name} on everything",
                    _changed(policies, role, index, lambda s: s.update(Resource=["*"])),
                )
            if "Condition" in statement:
                yield (
                    f"{name} without condition",
                    _changed(policies, role, index, lambda s: s.pop("Condition")),
                )


def _changed(
    policies: Policies, role: str, index: int, change: Callable[[dict[str, Any]], object]
) -> Policies:
    changed = policies | {role: copy.deepcopy(policies[role])}
    change(changed[role]["Statement"][index])
    return changed


def test_permissions_txt_notices_every_changed_policy(lake: Lakehouse, policies: Policies) -> None:
    """For each of the changes, a line of permissions.txt is no longer true."""
    found = list(mutants(policies))
    unnoticed = [
        name
        for name, changed in found
        if all(is_as_listed(lake, permission, changed) for permission in PERMISSIONS)
    ]
    assert len(found) > 200
    assert "\n".join(unnoticed) == ""


ADMIN = "arn:aws:iam::123456789012:role/admin"
OFFICER = "arn:aws:iam::123456789012:role/stedi-privacy-officer"
RESTRICTED = "restricted/pseudonym_key/pseudonym_key"
ERASURE = "restricted/erasures/1"
HEADER = "s3:x-amz-server-side-encryption"
BUCKET_RULES = [
    # sid of the statement that forbids it, principal, action, object, condition keys, allowed
    (None, ADMIN, "s3:PutObject", "a", {}, True),
    ("NoPlainHttp", ADMIN, "s3:GetObject", "a", {"aws:SecureTransport": "false"}, False),
    ("NoOldTls", ADMIN, "s3:GetObject", "a", {"s3:TlsVersion": "1.1"}, False),
    (None, ADMIN, "s3:PutObject", "a", {HEADER: "aws:kms"}, True),
    ("NoOtherEncryption", ADMIN, "s3:PutObject", "a", {HEADER: "AES256"}, False),
    (None, ADMIN, "s3:PutObject", "a", {f"{HEADER}-aws-kms-key-id": KEY}, True),
    ("NoOtherKmsKey", ADMIN, "s3:PutObject", "a", {f"{HEADER}-aws-kms-key-id": f"{KEY}0"}, False),
    ("RestrictedForDbtAndTheOfficer", ADMIN, "s3:GetObject", RESTRICTED, {}, False),
    ("RestrictedForDbtAndTheOfficer", ADMIN, "s3:GetObjectVersion", RESTRICTED, {}, False),
    ("RestrictedForDbtAndTheOfficer", ADMIN, "s3:GetObject", ERASURE, {}, False),
    ("NoPseudonymKeyForTheOfficer", OFFICER, "s3:GetObject", RESTRICTED, {}, False),
    ("NoPseudonymKeyForTheOfficer", OFFICER, "s3:GetObjectVersion", RESTRICTED, {}, False),
    (None, OFFICER, "s3:GetObject", ERASURE, {}, True),
    (None, ADMIN, "s3:PutObject", RESTRICTED, {"s3:if-none-match": "*"}, True),
    ("NoOverwrittenPseudonymKey", ADMIN, "s3:PutObject", RESTRICTED, {}, False),
]


@pytest.mark.parametrize("rule", BUCKET_RULES, ids=str)
def test_bucket_forbids_even_an_administrator(
    lake: Lakehouse, policies: Policies, rule: Any
) -> None:
    sid, principal, action, key, context, allowed = rule
    context = SAFE_CALL | {"aws:PrincipalArn": principal} | context
    request = Request(principal, action, f"{lake.bucket_arn}/{key}", context)
    assert is_allowed(request, [ADMINISTRATOR], [policies["bucket"]]) is allowed
    if sid is not None:  # and it is this statement that forbids it
        rest = [s for s in policies["bucket"]["Statement"] if s["Sid"] != sid]
        assert is_allowed(request, [ADMINISTRATOR], [{"Statement": rest}])


def test_every_statement_of_the_bucket_policy_is_tested(policies: Policies) -> None:
    sids = {statement["Sid"] for statement in policies["bucket"]["Statement"]}
    assert sids == {rule[0] for rule in BUCKET_RULES if rule[0] is not None}


def test_kms_key_leaves_access_to_iam_and_trusts_no_other_account(lake: Lakehouse) -> None:
    (statement,) = key_policy(lake)["Statement"]
    assert statement["Principal"] == {"AWS": "arn:aws:iam::123456789012:root"}


def test_only_configured_principals_may_assume_a_role(lake: Lakehouse) -> None:
    named = ["arn:aws:iam::123456789012:user/someone"]
    settings = lake.config.__class__(**vars(lake.config) | {"assumed_by": {"analyst": named}})
    (statement,) = trust_policy(Lakehouse(settings, lake.account), "analyst")["Statement"]
    assert statement["Principal"] == {"AWS": named}
