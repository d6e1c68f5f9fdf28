"""Clients for the AWS services of one region, made when they are first used."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_athena import AthenaClient
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_glue import GlueClient
    from mypy_boto3_kms import KMSClient
    from mypy_boto3_lakeformation import LakeFormationClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sts import STSClient


class Clients:
    """Every client of a command, with the credentials of the environment."""

    def __init__(self, region: str) -> None:
        import boto3  # takes half a second, which --help need not wait for

        self._session = boto3.Session(region_name=region)
        self.region = region

    @cached_property
    def partition(self) -> str:
        """The partition of the region: `aws`, `aws-cn` ..."""
        return self._session.get_partition_for_region(self.region)

    @cached_property
    def account(self) -> str:
        """The account number that the credentials belong to. Asks AWS."""
        return self.sts.get_caller_identity()["Account"]

    @cached_property
    def athena(self) -> AthenaClient:
        """Athena."""
        return self._session.client("athena")

    @cached_property
    def cloudformation(self) -> CloudFormationClient:
        """CloudFormation."""
        return self._session.client("cloudformation")

    @cached_property
    def ec2(self) -> EC2Client:
        """EC2, which has VPCs and their endpoints."""
        return self._session.client("ec2")

    @cached_property
    def glue(self) -> GlueClient:
        """Glue, whose catalog describes the tables."""
        return self._session.client("glue")

    @cached_property
    def kms(self) -> KMSClient:
        """KMS."""
        return self._session.client("kms")

    @cached_property
    def lakeformation(self) -> LakeFormationClient:
        """Lake Formation."""
        return self._session.client("lakeformation")

    @cached_property
    def s3(self) -> S3Client:
        """S3."""
        return self._session.client("s3")

    @cached_property
    def sts(self) -> STSClient:
        """STS, which knows whose credentials these are."""
        return self._session.client("sts")
