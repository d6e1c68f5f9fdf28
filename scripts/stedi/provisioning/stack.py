"""A CloudFormation stack: what a template would change in it, and changing it."""

from __future__ import annotations

import json
import time
import uuid
from dataclasses import dataclass
from typing import Any, NamedTuple

from botocore.exceptions import ClientError, WaiterError

from stedi.errors import StediError

# States in which nothing but deleting it is possible.
NEVER_MADE = ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED")
_SECONDS_BETWEEN_LOOKS = 3
_PATIENCE = 1200  # looks: an hour


class StackProblem(StediError):
    """A stack that cannot be changed as asked, or was not. Its text says what to do."""


class Change(NamedTuple):
    """A change that a template makes: Add, Modify or Remove, of what, and is it made anew."""

    action: str
    logical_id: str
    kind: str
    is_replaced: bool

    def __str__(self) -> str:
        anew = ", made anew" if self.is_replaced else ""
        return f"{self.action:<6} {self.kind} {self.logical_id}{anew}"


class ChangeSet(NamedTuple):
    """Changes as the service worked them out, not made yet; none where nothing would change."""

    arn: str
    changes: list[Change]


@dataclass(frozen=True)
class Stack:
    """A stack by its name, whether there is one or not; every method raises ClientError too."""

    client: Any
    name: str

    def status(self) -> str | None:
        """The stack's state, None where there is none, or one that was only ever planned."""
        try:
            stack = self.client.describe_stacks(StackName=self.name)["Stacks"][0]
        except ClientError as error:
            # The name is a valid one, so this is how the service says that there is no such stack.
            if error.response["Error"]["Code"] == "ValidationError":
                return None
            raise
        status = stack["StackStatus"]
        return None if status in ("REVIEW_IN_PROGRESS", "DELETE_COMPLETE") else status

    def physical_id(self, logical_id: str) -> str | None:
        """What a resource is called by its service, None where the stack has no such."""
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

    def plan(self, template: dict[str, Any], tags: list[Any]) -> ChangeSet:
        """What the template would change; to be executed or discarded.

        Raises StackProblem where the stack is in no state to be changed, or the template is wrong.
        """
        status = self.status()
        _check_changeable(self.name, status)
        if status is None:
            self._forget_plan()
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
        except StackProblem:
            self.discard(arn)
            raise

    def execute(self, change_set: ChangeSet) -> None:
        """Makes the changes and waits until they are made. Raises StackProblem where they fail."""
        creates = self.status() is None
        self.client.execute_change_set(StackName=self.name, ChangeSetName=change_set.arn)
        self._wait("stack_create_complete" if creates else "stack_update_complete")

    def discard(self, arn: str) -> None:
        """Deletes a change set that is not executed, and the empty stack that it came with."""
        if self.status() is None:
            self._forget_plan()
        else:
            self.client.delete_change_set(StackName=self.name, ChangeSetName=arn)

    def delete(self) -> None:
        """Deletes the stack, not what it is told to keep. Raises StackProblem where that fails."""
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
            # The service has no code for "nothing to do", but this sentence or the other.
            if "didn't contain changes" in reason or "No updates are to be performed" in reason:
                return []
            raise StackProblem(f"{self.name}: the plan failed: {reason}")
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

    def _described(self, arn: str) -> list[dict[str, Any]]:
        """The change set, page by page, once it is worked out."""
        look = self.client.get_paginator("describe_change_set").paginate
        for _ in range(_PATIENCE):
            pages = list(look(StackName=self.name, ChangeSetName=arn))
            if pages[0]["Status"] not in ("CREATE_PENDING", "CREATE_IN_PROGRESS"):
                return pages
            time.sleep(_SECONDS_BETWEEN_LOOKS)
        raise StackProblem(f"{self.name}: the plan is not worked out after an hour; try again")

    def _forget_plan(self) -> None:
        """Deletes the empty stack that a plan for a new one leaves behind, change sets included."""
        self.client.delete_stack(StackName=self.name)
        self._wait("stack_delete_complete")

    def _wait(self, waiter: str) -> None:
        config = {"Delay": _SECONDS_BETWEEN_LOOKS, "MaxAttempts": _PATIENCE}
        try:
            self.client.get_waiter(waiter).wait(StackName=self.name, WaiterConfig=config)
        except WaiterError as error:
            reason = self._first_failure() or str(error)
            raise StackProblem(f"{self.name}: {reason}") from error

    def _first_failure(self) -> str | None:
        """The first failure of the last operation: those that follow only follow from it."""
        failure = None
        for page in self.client.get_paginator("describe_stack_events").paginate(
            StackName=self.name
        ):
            for event in page["StackEvents"]:  # the newest first
                if event["ResourceStatus"].endswith("_FAILED"):
                    reason = event.get("ResourceStatusReason", "no reason given")
                    failure = f"{event['LogicalResourceId']} ({event['ResourceType']}): {reason}"
                if event.get("ResourceStatusReason") == "User Initiated":
                    return failure
        return failure


def _check_changeable(name: str, status: str | None) -> None:
    if status is None:
        return
    if status in NEVER_MADE:
        raise StackProblem(
            f"{name} is {status}: it was never made or only half deleted; "
            "run `provision.py destroy`, then apply again"
        )
    if status == "UPDATE_ROLLBACK_FAILED":
        raise StackProblem(
            f"{name} is {status}: put right what its events name, then run "
            f"`aws cloudformation continue-update-rollback --stack-name {name}`"
        )
    if status.endswith("_IN_PROGRESS"):
        raise StackProblem(f"{name} is {status}: somebody is changing it; wait until that is done")
