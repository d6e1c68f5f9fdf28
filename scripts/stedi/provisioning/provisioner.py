"""Provision the lakehouse on AWS: plan, apply or destroy its one CloudFormation stack."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from stedi.aws.clients import Clients
from stedi.aws.config import load_config
from stedi.aws.names import Lakehouse
from stedi.layout import PSEUDONYM_KEY_OBJECT
from stedi.provisioning.network import Network, find_network
from stedi.provisioning.stack import Stack, StackProblem
from stedi.provisioning.template import BUCKET, S3_ENDPOINT
from stedi.storage.bucket import Bucket


class Provisioner:
    """A lakehouse in the account of the environment's credentials."""

    def __init__(self, config: Path) -> None:
        settings = load_config(config)
        self.clients = Clients(settings.region)
        self.lake = Lakehouse(settings, self.clients.account, self.clients.partition)
        self.stack = Stack(self.clients.cloudformation, settings.stack)
        self.bucket = Bucket(self.clients.s3, settings.bucket)

    def network(self, vpc_id: str | None, route_table_ids: tuple[str, ...]) -> Network:
        """Where the endpoint belongs: what was asked for, else what the configuration says."""
        own = self.stack.physical_id(S3_ENDPOINT)
        settings = self.lake.config
        if vpc_id is None and not route_table_ids:
            vpc_id, route_table_ids = settings.vpc_id, tuple(settings.route_table_ids)
        return find_network(self.clients.ec2, settings.region, own, vpc_id, route_table_ids)

    def check_bucket_name(self) -> None:
        """Raises StackProblem where the bucket is not ours to make: better now than half-way."""
        if self.stack.physical_id(BUCKET) is None and (owner := self.bucket.owner()):
            raise StackProblem(
                f"{self.bucket.name}: the bucket exists already, in {owner}; "
                "choose another name in the configuration"
            )

    def put_pseudonym_key(self, key: str) -> bool:
        """Whether the key was put; False, and nothing done, where there is one."""
        return self.bucket.put_new(PSEUDONYM_KEY_OBJECT, f"{key}\n".encode())


def _schedule_deletion(kms: Any, key: str | None) -> None:
    """Has the KMS key deleted in 30 days, within which that can be cancelled."""
    state = kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"]
    if state != "PendingDeletion":
        kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=30)
