"""Every error ends the command with one sentence that says what to do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import botocore.client
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from moto.cloudformation.models import CloudFormationBackend, Stack, cloudformation_backends

from stedi.commands.errors import WHAT_TO_DO
from support.aws_commands import ACCOUNT, REGION, aws, done, message, run

pytestmark = pytest.mark.usefixtures("account")
BUCKET = "stedi-data-lakehouse"
Refuse = Callable[..., None]


@pytest.fixture
def refuse(monkeypatch: pytest.MonkeyPatch) -> Refuse:
    """Makes AWS answer an operation with an error."""
    call = botocore.client.BaseClient._make_api_call

    def set_up(operation: str, error: str | Exception) -> None:
        def answer(self: Any, name: str, parameters: Any) -> Any:
            if name != operation:
                return call(self, name, parameters)
            if isinstance(error, Exception):
                raise error
            raise ClientError({"Error": {"Code": error, "Message": "Because."}}, name)

        monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", answer)

    return set_up


def stack() -> Stack:
    (found,) = cloudformation_backends[ACCOUNT][REGION].stacks.values()
    return found


def test_no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    assert message(run("plan")) == (
        "Unable to locate credentials: "
        "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
    )


def test_incomplete_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    assert message(run("plan")).endswith("or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")


def test_unknown_profile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    assert message(run("plan")) == (
        "The config profile (nobody) could not be found: "
        "set AWS_PROFILE to a profile of ~/.aws/config"
    )


def test_no_network(refuse: Refuse) -> None:
    refuse("GetCallerIdentity", EndpointConnectionError(endpoint_url="https://sts.example"))
    assert message(run("plan")).endswith("check the network and AWS_ENDPOINT_URL")


@pytest.mark.parametrize("code", WHAT_TO_DO)
def test_known_code_says_what_to_do(refuse: Refuse, code: str) -> None:
    refuse("CreateChangeSet", code)
    assert message(run("plan")) == f"CreateChangeSet: {code} (Because): {WHAT_TO_DO[code]}"


def test_unknown_code(refuse: Refuse) -> None:
    refuse("CreateChangeSet", "Odd")
    assert message(run("plan")) == (
        "CreateChangeSet: Odd (Because): look the code up in the documentation of the AWS service"
    )


@pytest.mark.parametrize(
    "operation", ["GetCallerIdentity", "DescribeStacks", "DescribeVpcs", "ExecuteChangeSet"]
)
def test_access_denied_names_the_operation(refuse: Refuse, operation: str) -> None:
    refuse(operation, "AccessDenied")
    assert message(run("apply")).startswith(f"{operation}: AccessDenied (Because): see the perm")


def test_pseudonym_key_that_may_not_be_stored(refuse: Refuse) -> None:
    refuse("PutObject", "AccessDenied")
    assert message(run("apply")).startswith("PutObject: AccessDenied")


@pytest.mark.parametrize("command", ["plan", "apply"])
@pytest.mark.parametrize("status", ["ROLLBACK_COMPLETE", "CREATE_FAILED", "DELETE_FAILED"])
def test_stack_that_was_never_created(command: str, status: str) -> None:
    done("apply")
    stack().status = status
    assert message(run(command)) == (
        f"stedi-lakehouse is {status}: it was never created completely, or only half deleted; "
        "run `stedi aws destroy`, then `stedi aws apply`"
    )


def test_destroy_deletes_a_stack_that_was_never_created() -> None:
    done("apply")
    stack().status = "ROLLBACK_COMPLETE"
    assert run("destroy", "--yes").output == "Deleted the stack stedi-lakehouse.\n"
    assert aws("cloudformation").describe_stacks()["Stacks"] == []


@pytest.mark.parametrize(
    "command", [["plan"], ["apply"], ["destroy", "--yes"], ["destroy", "--yes", "--delete-data"]]
)
@pytest.mark.parametrize("status", ["UPDATE_IN_PROGRESS", "DELETE_IN_PROGRESS"])
def test_stack_that_is_being_changed(command: list[str], status: str) -> None:
    done("apply")
    stack().status = status
    assert message(run(*command)) == (
        f"stedi-lakehouse is {status}: it is being changed; wait, then run this again"
    )


def test_stack_whose_rollback_failed() -> None:
    done("apply")
    stack().status = "UPDATE_ROLLBACK_FAILED"
    assert message(run("plan")).endswith(
        "`aws cloudformation continue-update-rollback --stack-name stedi-lakehouse`"
    )


def test_failed_creation_names_the_first_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    """The others follow from it."""

    def fail(self: Any, change_set_name: str, stack_name: str) -> None:
        found = stack()
        for status, reason, logical_id in (
            ("CREATE_IN_PROGRESS", "User Initiated", "stedi-lakehouse"),
            ("CREATE_FAILED", "quota of roles exceeded", "DbtRole"),
            ("CREATE_FAILED", "Resource creation cancelled", "Bucket"),
            ("ROLLBACK_COMPLETE", None, "stedi-lakehouse"),
        ):
            found._add_stack_event(status, reason)
            found.events[-1].logical_resource_id = logical_id
            found.events[-1].resource_type = "AWS::IAM::Role"
        found.status = "ROLLBACK_COMPLETE"

    monkeypatch.setattr(CloudFormationBackend, "execute_change_set", fail)
    assert message(run("apply")) == (
        "stedi-lakehouse: DbtRole (AWS::IAM::Role): quota of roles exceeded"
    )


def test_bucket_that_exists_in_this_account() -> None:
    aws("s3").create_bucket(Bucket=BUCKET)
    for command in ("plan", "apply"):
        assert message(run(command)) == (
            f"{BUCKET}: this bucket exists already, in this account; "
            "choose another name in the configuration"
        )
    assert aws("cloudformation").describe_stacks()["Stacks"] == []


@pytest.mark.parametrize(
    ("code", "owner"), [("403", "another account, or out of reach"), ("301", "another region")]
)
def test_bucket_that_exists_elsewhere(refuse: Refuse, code: str, owner: str) -> None:
    refuse("HeadBucket", code)
    assert message(run("plan")).startswith(f"{BUCKET}: this bucket exists already, in {owner};")


def test_object_that_may_not_be_deleted(monkeypatch: pytest.MonkeyPatch) -> None:
    done("apply")
    aws("s3").put_object(Bucket=BUCKET, Key="audit/1", Body=b"")
    call = botocore.client.BaseClient._make_api_call

    def answer(self: Any, name: str, parameters: Any) -> Any:
        if name == "DeleteObjects":
            return {"Errors": [{"Key": "audit/1", "Code": "AccessDenied", "Message": "No"}]}
        return call(self, name, parameters)

    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", answer)
    assert message(run("destroy", "--yes", "--delete-data")) == (
        f"s3://{BUCKET}/audit/1: AccessDenied (No): "
        "have s3:DeleteObjectVersion allowed, then run it again"
    )


def test_nothing_to_destroy() -> None:
    assert run("destroy").output == "There is nothing to destroy.\n"
