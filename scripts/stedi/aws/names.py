"""Every name and ARN of the lakehouse on AWS, worked out from its configuration and account."""

from __future__ import annotations

from dataclasses import dataclass

from stedi.aws.config import Config
from stedi.layout import RESULTS


@dataclass(frozen=True)
class Lakehouse:
    """The names of one lakehouse. account: its number; partition: `aws`, `aws-cn` ..."""

    config: Config
    account: str
    partition: str = "aws"

    @property
    def bucket_arn(self) -> str:
        """The bucket's ARN."""
        return f"arn:{self.partition}:s3:::{self.config.bucket}"

    def objects(self, *prefixes: str) -> list[str]:
        """ARNs of all objects below the prefixes."""
        return [f"{self.bucket_arn}/{prefix}/*" for prefix in prefixes]

    def address(self, prefix: str) -> str:
        """The S3 URI of a prefix. It ends with a slash, or `trusted` would also mean `trusted2`."""
        return f"s3://{self.config.bucket}/{prefix}/"

    def database(self, layer: str) -> str:
        """The Glue database of a layer."""
        return f"{self.config.prefix}_{layer}"

    def workgroup(self, role: str) -> str:
        """The Athena workgroup of a role; dbt's has the bare prefix, as profiles.yml names it."""
        return self.config.prefix if role == "dbt" else self.role_name(role)

    def results(self, role: str) -> str:
        """The prefix of the query results of a role's workgroup."""
        return f"{RESULTS}/{self.workgroup(role)}"

    def role_name(self, role: str) -> str:
        """The name of an IAM role."""
        return f"{self.config.prefix}-{role}"

    def role_arn(self, role: str) -> str:
        """The ARN of an IAM role."""
        return f"arn:{self.partition}:iam::{self.account}:role/{self.role_name(role)}"

    def regional_arn(self, service: str, resource: str) -> str:
        """The ARN of a resource in the lakehouse's region and account."""
        return f"arn:{self.partition}:{service}:{self.config.region}:{self.account}:{resource}"
