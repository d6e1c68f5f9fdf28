"""The template itself: cfn-lint accepts it, and it fits the services' quotas."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from typing import Any

import pytest
from cfnlint.api import lint
from cfnlint.config import ManualArgs

from stedi.aws.names import Lakehouse
from stedi.layout import BUILT, CURATED, LANDING, ROLES, TRUSTED, ZONES
from stedi.provisioning.network import Network
from stedi.provisioning.policies import bucket_policy, role_policy
from stedi.provisioning.template import S3_ENDPOINT, full_template, kept_template

NETWORK = Network("vpc-0123456789abcdef0", ("rtb-0123456789abcdef0",), "com.amazonaws.us-east-1.s3")
KEY = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"


def findings(template: dict[str, Any]) -> list[str]:
    """The findings of cfn-lint, informational ones included."""
    settings = ManualArgs(regions=["us-east-1"], include_checks=["I"])
    return [str(match) for match in lint(json.dumps(template), config=settings)]


def compact(document: dict[str, Any]) -> str:
    return json.dumps(document, separators=(",", ":"))


def test_cfn_lint_finds_nothing_in_the_full_template(lake: Lakehouse) -> None:
    assert findings(full_template(lake, NETWORK)) == []


@pytest.mark.parametrize("with_databases", [True, False])
def test_cfn_lint_finds_nothing_in_the_kept_template(lake: Lakehouse, with_databases: bool) -> None:
    assert findings(kept_template(lake, with_databases)) == []


def test_cfn_lint_notices_a_misspelt_property_and_action(lake: Lakehouse) -> None:
    template = copy.deepcopy(full_template(lake, NETWORK))
    template["Resources"]["Bucket"]["Properties"]["VersionConfiguration"] = {}
    role = template["Resources"]["DbtRole"]["Properties"]["Policies"][0]["PolicyDocument"]
    role["Statement"][0]["Action"] = ["s3:ListBuckets"]
    found = " ".join(findings(template))
    assert "VersionConfiguration" in found
    assert "listbuckets" in found.lower()


def test_template_fits_into_a_request(lake: Lakehouse) -> None:
    longest = replace(lake.config, bucket="b" * 63, prefix="p" * 31, stack="s" * 100)
    template = full_template(Lakehouse(longest, lake.account), NETWORK)
    assert len(compact(template)) < 51_200


@pytest.mark.parametrize("role", ROLES)
def test_policies_fit_the_quota_of_iam(lake: Lakehouse, role: str) -> None:
    longest = Lakehouse(replace(lake.config, bucket="b" * 63, prefix="p" * 31), lake.account)
    assert len(compact(role_policy(longest, role, KEY))) < 10_240
    assert len(longest.role_name(role)) <= 64


def test_bucket_policy_fits_the_quota_of_s3(lake: Lakehouse) -> None:
    longest = Lakehouse(replace(lake.config, bucket="b" * 63), lake.account)
    assert len(compact(bucket_policy(longest, KEY))) < 20_480


def test_existing_endpoint_is_not_created_again(lake: Lakehouse) -> None:
    there = replace(NETWORK, existing_endpoint="vpce-0123456789abcdef0")
    assert S3_ENDPOINT in full_template(lake, NETWORK)["Resources"]
    assert S3_ENDPOINT not in full_template(lake, there)["Resources"]


def test_kept_template_is_part_of_the_full_one(lake: Lakehouse) -> None:
    """So destroying and applying again does not touch the data."""
    full = full_template(lake, NETWORK)["Resources"]
    kept = kept_template(lake, with_databases=True)["Resources"]
    assert kept.items() <= full.items()
    for logical_id in ("Bucket", "DataKey"):
        assert kept[logical_id]["DeletionPolicy"] == "RetainExceptOnCreate"
        assert kept[logical_id]["UpdateReplacePolicy"] == "Retain"


def test_zones_are_the_documented_ones() -> None:
    assert set(LANDING + TRUSTED + CURATED) == {
        "backfill/landing",
        "customer/landing",
        "customer/trusted",
        "customer/curated",
        "accelerometer/landing",
        "accelerometer/trusted",
        "step_trainer/landing",
        "step_trainer/trusted",
        "step_trainer/curated",
    }
    assert set(ZONES) - set(LANDING) - set(BUILT) == {"results", "restricted"}
    assert set(BUILT) - set(TRUSTED) - set(CURATED) == {"staging", "audit"}


def test_other_partitions_have_their_own_arns(lake: Lakehouse) -> None:
    china = Lakehouse(replace(lake.config, region="cn-north-1"), lake.account, "aws-cn")
    text = compact(full_template(china, replace(NETWORK, service="com.amazonaws.cn-north-1.s3")))
    assert "arn:aws:" not in text
