"""The lakehouse on AWS as names: what infrastructure/config.toml says and what follows from it."""

from __future__ import annotations

from dataclasses import dataclass

from stedi.aws.config import Config
from stedi.layout import RESULTS


@dataclass(frozen=True)
class Lakehouse:
    """A configuration in an account: every name and ARN that follows from the two."""

    config: Config
    account: str
    partition: str = "aws"

    @property
    def bucket_arn(self) -> str:
        return f"arn:{self.partition}:s3:::{self.config.bucket}"

    def objects(self, *prefixes: str) -> list[str]:
        """ARNs of all objects below the prefixes."""
        return [f"{self.bucket_arn}/{prefix}/*" for prefix in prefixes]

    def address(self, prefix: str) -> str:
        """The S3 URI of a prefix, with the slash that keeps `trusted` from meaning `trusted2`."""
        return f"s3://{self.config.bucket}/{prefix}/"

    def database(self, layer: str) -> str:
        return f"{self.config.prefix}_{layer}"

    def workgroup(self, role: str) -> str:
        """dbt's workgroup has the bare prefix, as profiles.yml names it."""
        return self.config.prefix if role == "dbt" else self._of_role(role)

    def results(self, role: str) -> str:
        """The prefix of the query results of a role's workgroup."""
        return f"{RESULTS}/{self.workgroup(role)}"

    def role_name(self, role: str) -> str:
        return self._of_role(role)

    def role_arn(self, role: str) -> str:
        return f"arn:{self.partition}:iam::{self.account}:role/{self._of_role(role)}"

    def regional_arn(self, service: str, resource: str) -> str:
        return f"arn:{self.partition}:{service}:{self.config.region}:{self.account}:{resource}"

    def _of_role(self, role: str) -> str:
        return f"{self.config.prefix}-{role}"
