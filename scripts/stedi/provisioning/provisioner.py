"""Everything that `stedi aws` works on: the stack, the bucket, the network and the names."""

from __future__ import annotations

from collections.abc import Sequence

from stedi.aws.clients import Clients
from stedi.aws.config import Config
from stedi.aws.names import Lakehouse
from stedi.errors import StediError
from stedi.layout import PSEUDONYM_KEY_OBJECT
from stedi.provisioning.network import Network, find_network
from stedi.provisioning.stack import Stack
from stedi.provisioning.template import BUCKET, DATA_KEY, S3_ENDPOINT
from stedi.storage.bucket import Bucket


class Provisioner:
    """A lakehouse in the account that the credentials belong to. Methods raise ClientError too."""

    def __init__(self, config: Config) -> None:
        self.clients = Clients(config.region)
        self.lake = Lakehouse(config, self.clients.account, self.clients.partition)
        self.stack = Stack(self.clients.cloudformation, config.stack)
        self.bucket = Bucket(self.clients.s3, config.bucket)

    def network(self, vpc_id: str | None, route_table_ids: Sequence[str]) -> Network:
        """Where the S3 endpoint belongs: the network given here, or else the configured one."""
        own = self.stack.physical_id(S3_ENDPOINT)
        config = self.lake.config
        if vpc_id is None and not route_table_ids:
            vpc_id, route_table_ids = config.vpc_id, config.route_table_ids
        return find_network(self.clients.ec2, config.region, own, vpc_id, route_table_ids)

    def check_bucket_name(self) -> None:
        """Raises StediError if the bucket exists and is not the stack's own."""
        if self.stack.physical_id(BUCKET) is None and (owner := self.bucket.owner()):
            raise StediError(
                f"{self.bucket.name}: this bucket exists already, in {owner}; "
                "choose another name in the configuration"
            )

    def put_pseudonym_key(self, key: str) -> bool:
        """Stores the pseudonym key. False, and nothing done, if there is one already."""
        return self.bucket.create(PSEUDONYM_KEY_OBJECT, [f"{key}\n".encode()])

    def delete_all(self) -> str:
        """Deletes the empty bucket and the stack. The KMS key's id, which can be had back."""
        kms, key = self.clients.kms, self.stack.physical_id(DATA_KEY)
        self.bucket.delete_bucket()
        if key and kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] != "PendingDeletion":
            kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=30)
        self.stack.delete()
        return str(key)
