"""Finds the VPC for the S3 endpoint, its route tables, and the endpoint that may exist already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stedi.errors import StediError

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_ec2.type_defs import FilterTypeDef, VpcEndpointTypeDef


@dataclass(frozen=True)
class Network:
    """Where the S3 gateway endpoint belongs.

    existing_endpoint: the id of an endpoint that somebody else created there. unserved: those of
    the route tables that it does not serve.
    """

    vpc_id: str
    route_table_ids: tuple[str, ...]
    service: str
    existing_endpoint: str | None = None
    unserved: tuple[str, ...] = ()


def find_network(
    ec2: EC2Client,
    region: str,
    own_endpoint: str | None,
    vpc_id: str | None = None,
    route_table_ids: Sequence[str] = (),
) -> Network:
    """The network of a VPC (the default VPC if None) and its route tables (all if none are given).

    own_endpoint: the id of the endpoint that our stack created, if it did. Raises StediError where
    the VPC or a route table cannot be determined, and botocore's ClientError.
    """
    vpc_id = vpc_id or _default_vpc(ec2, region)
    tables = _route_tables(ec2, vpc_id, route_table_ids)
    service = f"com.amazonaws.{region}.s3"
    for endpoint in _s3_endpoints(ec2, vpc_id, service):
        if endpoint["VpcEndpointId"] != own_endpoint:
            unserved = tuple(sorted(set(tables) - set(endpoint["RouteTableIds"])))
            return Network(vpc_id, tables, service, endpoint["VpcEndpointId"], unserved)
    return Network(vpc_id, tables, service)


def _default_vpc(ec2: EC2Client, region: str) -> str:
    pages = ec2.get_paginator("describe_vpcs").paginate(Filters=_filters({"is-default": "true"}))
    vpcs = [vpc["VpcId"] for page in pages for vpc in page["Vpcs"]]
    if len(vpcs) != 1:
        found = "several default VPCs" if vpcs else "no default VPC"
        raise StediError(f"{region} has {found}: choose the VPC of the S3 endpoint with --vpc-id")
    return vpcs[0]


def _route_tables(ec2: EC2Client, vpc_id: str, wanted: Sequence[str]) -> tuple[str, ...]:
    pages = ec2.get_paginator("describe_route_tables").paginate(
        Filters=_filters({"vpc-id": vpc_id})
    )
    existing = {table["RouteTableId"] for page in pages for table in page["RouteTables"]}
    if not existing:
        raise StediError(f"{vpc_id}: no such VPC, or it has no route tables; check --vpc-id")
    if missing := sorted(set(wanted) - existing):
        raise StediError(
            f"{missing[0]}: not a route table of {vpc_id}, which has {', '.join(sorted(existing))}"
        )
    return tuple(sorted(wanted or existing))


def _s3_endpoints(ec2: EC2Client, vpc_id: str, service: str) -> list[VpcEndpointTypeDef]:
    pages = ec2.get_paginator("describe_vpc_endpoints").paginate(
        Filters=_filters(
            {"vpc-id": vpc_id, "service-name": service, "vpc-endpoint-type": "Gateway"}
        )
    )
    found = [endpoint for page in pages for endpoint in page["VpcEndpoints"]]
    return [endpoint for endpoint in found if endpoint["State"].lower() in ("available", "pending")]


def _filters(wanted: Mapping[str, str]) -> list[FilterTypeDef]:
    return [{"Name": name, "Values": [value]} for name, value in wanted.items()]
