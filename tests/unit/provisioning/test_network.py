"""Which VPC, route tables and endpoint are used, and what to name where that is not clear."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from support.aws_commands import CONFIG, aws, done, message, run

pytestmark = pytest.mark.usefixtures("account")


def default_vpc() -> str:
    found = aws("ec2").describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])
    return found["Vpcs"][0]["VpcId"]


def new_vpc() -> tuple[str, str]:
    """A VPC that is not the default, and its route table."""
    vpc = aws("ec2").create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    return vpc, route_tables(vpc)[0]


def route_tables(vpc: str) -> list[str]:
    found = aws("ec2").describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc]}])
    return [table["RouteTableId"] for table in found["RouteTables"]]


def endpoints() -> list[dict[str, Any]]:
    found = aws("ec2").describe_vpc_endpoints()["VpcEndpoints"]
    return [endpoint for endpoint in found if endpoint["State"] != "deleted"]


def no_default_vpc() -> None:
    ec2, vpc = aws("ec2"), default_vpc()
    for subnet in ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["Subnets"]:
        ec2.delete_subnet(SubnetId=subnet["SubnetId"])
    for gateway in ec2.describe_internet_gateways()["InternetGateways"]:
        ec2.delete_internet_gateway(InternetGatewayId=gateway["InternetGatewayId"])
    ec2.delete_vpc(VpcId=vpc)


def test_no_default_vpc() -> None:
    no_default_vpc()
    assert message(run("plan")) == (
        "us-east-1 has no default VPC: choose the VPC of the S3 endpoint with --vpc-id"
    )


def test_named_vpc_where_there_is_no_default() -> None:
    no_default_vpc()
    vpc, table = new_vpc()
    assert run("apply", "--vpc-id", vpc).exit_code == 0
    (endpoint,) = endpoints()
    assert (endpoint["VpcId"], endpoint["RouteTableIds"]) == (vpc, [table])


def test_vpc_and_route_tables_of_the_configuration(tmp_path: Path) -> None:
    vpc, table = new_vpc()
    aws("ec2").create_route_table(VpcId=vpc)
    config = tmp_path / "config.toml"
    entries = f'vpc_id = "{vpc}"\nroute_table_ids = ["{table}"]\n\n[tags]'
    config.write_text(CONFIG.read_text().replace("[tags]", entries))
    assert run("apply", "--config", config).exit_code == 0
    (endpoint,) = endpoints()
    assert (endpoint["VpcId"], endpoint["RouteTableIds"]) == (vpc, [table])
    assert run("plan", "--config", config).output == "Nothing to change.\n"


def test_named_vpc_wins_over_the_configured_one(tmp_path: Path) -> None:
    vpc, table = new_vpc()
    config = tmp_path / "config.toml"
    entries = 'vpc_id = "vpc-1"\nroute_table_ids = ["rtb-1"]\n\n[tags]'
    config.write_text(CONFIG.read_text().replace("[tags]", entries))
    assert run("apply", "--config", config, "--vpc-id", vpc).exit_code == 0
    assert endpoints()[0]["RouteTableIds"] == [table]


def test_several_default_vpcs() -> None:
    from moto.ec2.models import ec2_backends

    vpc, _ = new_vpc()
    ec2_backends["123456789012"]["us-east-1"].vpcs[vpc].is_default = True
    assert message(run("plan")).startswith("us-east-1 has several default VPCs: choose the VPC")


def test_named_route_tables() -> None:
    vpc = default_vpc()
    named = aws("ec2").create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    assert run("apply", "--route-table-id", named).exit_code == 0
    assert endpoints()[0]["RouteTableIds"] == [named]


def test_by_default_all_route_tables_also_later_ones() -> None:
    done("apply")
    vpc = default_vpc()
    aws("ec2").create_route_table(VpcId=vpc)
    assert "Modify AWS::EC2::VPCEndpoint S3Endpoint" in run("apply").output
    assert endpoints()[0]["RouteTableIds"] == sorted(route_tables(vpc))


def test_route_table_of_another_vpc() -> None:
    _, table = new_vpc()
    vpc = default_vpc()
    assert message(run("plan", "--route-table-id", table)) == (
        f"{table}: not a route table of {vpc}, which has {', '.join(sorted(route_tables(vpc)))}"
    )


def test_unknown_vpc() -> None:
    expected = "vpc-0: no such VPC, or it has no route tables; check --vpc-id"
    assert message(run("plan", "--vpc-id", "vpc-0")) == expected


def existing_endpoint(vpc: str, *tables: str) -> str:
    made = aws("ec2").create_vpc_endpoint(
        VpcId=vpc,
        ServiceName="com.amazonaws.us-east-1.s3",
        VpcEndpointType="Gateway",
        RouteTableIds=list(tables),
    )
    return made["VpcEndpoint"]["VpcEndpointId"]


def test_existing_endpoint_is_used_and_not_changed() -> None:
    vpc = default_vpc()
    there = existing_endpoint(vpc, *route_tables(vpc))
    result = run("apply")
    assert result.output.startswith(f"Using the S3 endpoint {there} that {vpc} has already.\nAdd ")
    assert [endpoint["VpcEndpointId"] for endpoint in endpoints()] == [there]
    done("destroy", "--yes")
    assert [endpoint["VpcEndpointId"] for endpoint in endpoints()] == [there]


def test_existing_endpoint_that_does_not_serve_every_route_table() -> None:
    vpc = default_vpc()
    (table,) = route_tables(vpc)
    there = existing_endpoint(vpc)
    assert f"--vpc-endpoint-id {there} --add-route-table-ids {table}`" in run("plan").output


def test_own_endpoint_does_not_count_as_existing() -> None:
    done("apply")
    assert "has already" not in run("apply").output
    assert len(endpoints()) == 1


def test_endpoint_of_another_service_or_vpc_does_not_count() -> None:
    existing_endpoint(new_vpc()[0])
    result = run("plan")
    assert "has already" not in result.output
    assert "Add    AWS::EC2::VPCEndpoint S3Endpoint" in result.output
