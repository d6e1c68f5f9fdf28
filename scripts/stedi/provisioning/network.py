"""The VPC that gets the S3 endpoint, its route tables, and the endpoint it may have already."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from stedi.errors import StediError


class NetworkProblem(StediError):
    """A network in which it is not plain where the endpoint goes. Its text says what to give."""


@dataclass(frozen=True)
class Network:
    """Where the S3 gateway endpoint belongs.

    existing_endpoint is one that somebody else made there; unserved are the route tables, out of
    those asked for, that it does not serve.
    """

    vpc_id: str
    route_table_ids: tuple[str, ...]
    service: str
    existing_endpoint: str | None = None
    unserved: tuple[str, ...] = ()


def find_network(
    ec2: Any,
    region: str,
    own_endpoint: str | None,
    vpc_id: str | None = None,
    route_table_ids: Sequence[str] = (),
) -> Network:
    """The network of a VPC, by default the default one, and its route tables, by default all.

    own_endpoint is the id of the endpoint that we made, if we did. Raises NetworkProblem, and
    botocore's ClientError.
    """
    vpc_id = vpc_id or _default_vpc(ec2, region)
    tables = _route_tables(ec2, vpc_id, route_table_ids)
    service = f"com.amazonaws.{region}.s3"
    for endpoint in _s3_endpoints(ec2, vpc_id, service):
        if endpoint["VpcEndpointId"] != own_endpoint:
            unserved = tuple(sorted(set(tables) - set(endpoint["RouteTableIds"])))
            return Network(vpc_id, tables, service, endpoint["VpcEndpointId"], unserved)
    return Network(vpc_id, tables, service)


def _default_vpc(ec2: Any, region: str) -> str:
    vpcs = list(_pages(ec2, "describe_vpcs", "Vpcs", {"is-default": "true"}))
    if len(vpcs) != 1:
        found = "no default VPC" if not vpcs else "several default VPCs"
        raise NetworkProblem(
            f"{region} has {found}: name the VPC that gets the S3 endpoint with --vpc-id"
        )
    return vpcs[0]["VpcId"]


def _route_tables(ec2: Any, vpc_id: str, wanted: Sequence[str]) -> tuple[str, ...]:
    tables = _pages(ec2, "describe_route_tables", "RouteTables", {"vpc-id": vpc_id})
    there = {table["RouteTableId"] for table in tables}
    if not there:
        raise NetworkProblem(f"{vpc_id}: no such VPC, or one without route tables; check --vpc-id")
    if missing := sorted(set(wanted) - there):
        raise NetworkProblem(
            f"{missing[0]}: no route table of {vpc_id}, which has {', '.join(sorted(there))}"
        )
    return tuple(sorted(wanted or there))


def _s3_endpoints(ec2: Any, vpc_id: str, service: str) -> list[dict[str, Any]]:
    filters = {"vpc-id": vpc_id, "service-name": service, "vpc-endpoint-type": "Gateway"}
    found = _pages(ec2, "describe_vpc_endpoints", "VpcEndpoints", filters)
    return [endpoint for endpoint in found if endpoint["State"].lower() in ("available", "pending")]


def _pages(ec2: Any, operation: str, result: str, filters: dict[str, str]) -> Iterable[Any]:
    asked = [{"Name": name, "Values": [value]} for name, value in filters.items()]
    for page in ec2.get_paginator(operation).paginate(Filters=asked):
        yield from page[result]
