"""TODO."""

from __future__ import annotations

from functools import cached_property
from typing import Any


class Clients:
    """The one place that makes clients for AWS."""

    def __init__(self, region: str) -> None:
        import boto3  # takes a while, which --help need not wait for

        self._session = boto3.Session(region_name=region)

    @cached_property
    def partition(self) -> str:
        return self._session.get_partition_for_region(self._session.region_name)

    @cached_property
    def account(self) -> str:
        return self._session.client("sts").get_caller_identity()["Account"]

    @cached_property
    def cloudformation(self) -> Any:
        return self._session.client("cloudformation")

    @cached_property
    def ec2(self) -> Any:
        return self._session.client("ec2")

    @cached_property
    def s3(self) -> Any:
        return self._session.client("s3")

    @cached_property
    def glue(self) -> Any:
        return self._session.client("glue")

    @cached_property
    def kms(self) -> Any:
        return self._session.client("kms")

    @cached_property
    def lakeformation(self) -> Any:
        return self._session.client("lakeformation")

    @cached_property
    def athena(self) -> Any:
        return self._session.client("athena")

    @cached_property
    def sts(self) -> Any:
        return self._session.client("sts")
