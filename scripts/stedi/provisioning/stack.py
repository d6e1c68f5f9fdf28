"""A CloudFormation stack: plans what a template would change in it, and changes it."""

from __future__ import annotations

import json
import time
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from botocore.exceptions import ClientError, WaiterError

from stedi.errors import StediError

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.type_defs import DescribeChangeSetOutputTypeDef, TagTypeDef

# Left over from a failed creation or deletion: such a stack can only be deleted.
UNUSABLE = ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED")
_SECONDS_BETWEEN_POLLS = 3
_MOST_POLLS = 1200  # an hour


class Change(NamedTuple):
    """A change to one resource. action: Add, Modify or Remove; kind: its CloudFormation type."""

    action: str
    logical_id: str
    kind: str
    is_replaced: bool

    def __str__(self) -> str:
        replaced = " (replaced)" if self.is_replaced else ""
        return f"{self.action:<6} {self.kind} {self.logical_id}{replaced}"


class ChangeSet(NamedTuple):
    """A change set that has not been executed. changes: empty if the template changes nothing."""

    arn: str
    changes: list[Change]


@dataclass(frozen=True)
class Stack:
    """A stack by its name, whether it exists or not. Every method raises ClientError too."""

    client: CloudFormationClient
    name: str

    def status(self) -> str | None:
        """The stack's status; None if there is no stack, or one that was only planned."""
        try:
            stack = self.client.describe_stacks(StackName=self.name)["Stacks"][0]
        except ClientError as error:
            # The name is valid, so this error means that there is no such stack.
            if error.response["Error"]["Code"] == "ValidationError":
                return None
            raise
        status: str = stack["StackStatus"]
        return None if status in ("REVIEW_IN_PROGRESS", "DELETE_COMPLETE") else status

    def physical_id(self, logical_id: str) -> str | None:
        """A resource's name in its own service; None if the stack does not have it."""
        if self.status() is None:
            return None
        resources = self.client.describe_stack_resources(StackName=self.name)["StackResources"]
        return next(
            (
                resource["PhysicalResourceId"]
                for resource in resources
                if resource["LogicalResourceId"] == logical_id
                and resource["ResourceStatus"] != "DELETE_COMPLETE"
            ),
            None,
        )

    def plan(self, template: dict[str, Any], tags: list[TagTypeDef]) -> ChangeSet:
        """What the template would change. The caller executes or discards the change set.

        Raises StediError if the stack cannot be changed now or the template is wrong.
        """
        status = self.status()
        _check_changeable(self.name, status)
        if status is None:
            self._delete_planned_stack()
        arn = self.client.create_change_set(
            StackName=self.name,
            ChangeSetName=f"provision-{uuid.uuid4().hex}",
            ChangeSetType="CREATE" if status is None else "UPDATE",
            Capabilities=["CAPABILITY_NAMED_IAM"],
            TemplateBody=json.dumps(template, separators=(",", ":")),
            Tags=tags,
        )["Id"]
        try:
            return ChangeSet(arn, self._changes(arn))
        except StediError:
            self.discard(arn)
            raise

    def execute(self, change_set: ChangeSet) -> None:
        """Makes the changes and waits until they are done. Raises StediError if they fail."""
        is_new = self.status() is None
        self.client.execute_change_set(StackName=self.name, ChangeSetName=change_set.arn)
        self._wait("stack_create_complete" if is_new else "stack_update_complete")

    def discard(self, arn: str) -> None:
        """Deletes a change set that is not executed, and the empty stack that came with it."""
        if self.status() is None:
            self._delete_planned_stack()
        else:
            self.client.delete_change_set(StackName=self.name, ChangeSetName=arn)

    def delete(self) -> None:
        """Deletes the stack; resources with a policy to retain them stay. Raises StediError."""
        if (status := self.status()) is None:
            return
        if status.endswith("_IN_PROGRESS"):
            _check_changeable(self.name, status)
        self.client.delete_stack(StackName=self.name)
        self._wait("stack_delete_complete")

    def _changes(self, arn: str) -> list[Change]:
        pages = self._described(arn)
        status, reason = pages[0]["Status"], pages[0].get("StatusReason", "")
        if status == "FAILED":
            # CloudFormation has no code for this, only one of two sentences.
            if "didn't contain changes" in reason or "No updates are to be performed" in reason:
                return []
            raise StediError(f"{self.name}: CloudFormation refused the template ({reason})")
        found = [change["ResourceChange"] for page in pages for change in page.get("Changes", ())]
        return [
            Change(
                change["Action"],
                change["LogicalResourceId"],
                change["ResourceType"],
                change.get("Replacement") == "True",
            )
            for change in found
        ]

    def _described(self, arn: str) -> list[DescribeChangeSetOutputTypeDef]:
        """The pages that describe a change set, once CloudFormation has computed it."""
        paginator = self.client.get_paginator("describe_change_set")
        for _ in range(_MOST_POLLS):
            pages = list(paginator.paginate(StackName=self.name, ChangeSetName=arn))
            if pages[0]["Status"] not in ("CREATE_PENDING", "CREATE_IN_PROGRESS"):
                return pages
            time.sleep(_SECONDS_BETWEEN_POLLS)
        raise StediError(f"{self.name}: CloudFormation has no plan after an hour; run it again")

    def _delete_planned_stack(self) -> None:
        """Deletes the empty stack that planning a new stack leaves behind, and its change sets."""
        self.client.delete_stack(StackName=self.name)
        self._wait("stack_delete_complete")

    def _wait(
        self,
        waiter: Literal["stack_create_complete", "stack_update_complete", "stack_delete_complete"],
    ) -> None:
        try:
            # One call serves all three waiters, whose overloads differ in their names alone.
            self.client.get_waiter(waiter).wait(
                StackName=self.name,
                WaiterConfig={"Delay": _SECONDS_BETWEEN_POLLS, "MaxAttempts": _MOST_POLLS},
            )
        except WaiterError as error:
            reason = self._first_failure() or str(error)
            raise StediError(f"{self.name}: {reason}") from error

    def _first_failure(self) -> str | None:
        """The first failure of the last operation, which caused the others."""
        failure = None
        paginator = self.client.get_paginator("describe_stack_events")
        for page in paginator.paginate(StackName=self.name):
            for event in page["StackEvents"]:  # newest first
                if event["ResourceStatus"].endswith("_FAILED"):
                    reason = event.get("ResourceStatusReason", "no reason given")
                    failure = f"{event['LogicalResourceId']} ({event['ResourceType']}): {reason}"
                if event.get("ResourceStatusReason") == "User Initiated":
                    return failure
        return failure


def _check_changeable(name: str, status: str | None) -> None:
    if status is None:
        return
    if status in UNUSABLE:
        raise StediError(
            f"{name} is {status}: it was never created completely, or only half deleted; "
            "run `stedi aws destroy`, then `stedi aws apply`"
        )
    if status == "UPDATE_ROLLBACK_FAILED":
        raise StediError(
            f"{name} is {status}: fix what its events name, then run "
            f"`aws cloudformation continue-update-rollback --stack-name {name}`"
        )
    if status.endswith("_IN_PROGRESS"):
        raise StediError(f"{name} is {status}: it is being changed; wait, then run this again")
