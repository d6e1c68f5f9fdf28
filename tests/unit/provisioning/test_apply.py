"""What `stedi aws apply` creates, seen through the services' own APIs."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from stedi.aws.names import Lakehouse
from stedi.layout import LANDED, LAYERS, QUERYING_ROLES, ROLES
from stedi.provisioning.template import RAW_LINE_SERDE
from support.aws_commands import aws

pytestmark = pytest.mark.usefixtures("applied")


def data_key(lake: Lakehouse) -> dict[str, Any]:
    return aws("kms").describe_key(KeyId=f"alias/{lake.config.stack}")["KeyMetadata"]


def test_bucket_encrypts_with_the_kms_key(lake: Lakehouse) -> None:
    found = aws("s3").get_bucket_encryption(Bucket=lake.config.bucket)
    assert found["ServerSideEncryptionConfiguration"]["Rules"] == [
        {
            "ApplyServerSideEncryptionByDefault": {
                "SSEAlgorithm": "aws:kms",
                "KMSMasterKeyID": data_key(lake)["Arn"],
            },
            "BucketKeyEnabled": True,
        }
    ]


def test_kms_key_is_rotated(lake: Lakehouse) -> None:
    key = data_key(lake)
    assert key["KeyState"] == "Enabled"
    assert aws("kms").get_key_rotation_status(KeyId=key["KeyId"])["KeyRotationEnabled"]


def test_bucket_is_closed_to_the_public(lake: Lakehouse) -> None:
    s3, bucket = aws("s3"), lake.config.bucket
    block = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    assert set(block.values()) == {True}
    assert len(block) == 4
    ownership = s3.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]["Rules"]
    assert ownership == [{"ObjectOwnership": "BucketOwnerEnforced"}]


def test_bucket_policy_is_there_and_only_denies(lake: Lakehouse) -> None:
    policy = json.loads(aws("s3").get_bucket_policy(Bucket=lake.config.bucket)["Policy"])
    assert {statement["Effect"] for statement in policy["Statement"]} == {"Deny"}
    assert "NoPlainHttp" in {statement["Sid"] for statement in policy["Statement"]}


def test_old_versions_and_query_results_expire(lake: Lakehouse) -> None:
    s3, bucket = aws("s3"), lake.config.bucket
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    rules = {
        rule["ID"]: rule for rule in s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    }
    assert {rule["Status"] for rule in rules.values()} == {"Enabled"}
    old, results = rules["OldVersions"], rules["QueryResults"]
    assert old["Filter"] == {"Prefix": ""}
    assert old["NoncurrentVersionExpiration"] == {"NoncurrentDays": lake.config.noncurrent_days}
    assert old["Expiration"] == {"ExpiredObjectDeleteMarker": True}
    assert results["Filter"] == {"Prefix": "results/"}
    assert results["Expiration"] == {"Days": lake.config.results_days}


def test_endpoint_serves_the_route_tables_of_the_default_vpc(lake: Lakehouse) -> None:
    ec2 = aws("ec2")
    vpc = ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"][0]
    tables = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc["VpcId"]]}])
    (endpoint,) = ec2.describe_vpc_endpoints()["VpcEndpoints"]
    assert endpoint["VpcId"] == vpc["VpcId"]
    assert endpoint["VpcEndpointType"] == "Gateway"
    assert endpoint["ServiceName"] == "com.amazonaws.us-east-1.s3"
    there = [table["RouteTableId"] for table in tables["RouteTables"]]
    assert endpoint["RouteTableIds"] == sorted(there)
    routes = [route for table in tables["RouteTables"] for route in table["Routes"]]
    assert endpoint["VpcEndpointId"] in {route.get("GatewayId") for route in routes}


def test_each_layer_has_a_database() -> None:
    found = {database["Name"] for database in aws("glue").get_databases()["DatabaseList"]}
    assert found == {f"stedi_{layer}" for layer in LAYERS}


@pytest.mark.parametrize("entity", LANDED)
def test_landing_tables_are_lines_with_projected_partitions(entity: str) -> None:
    table = aws("glue").get_table(DatabaseName="stedi_landing", Name=entity)["Table"]
    assert table["PartitionKeys"] == [{"Name": "ingest_date", "Type": "string"}]
    storage = table["StorageDescriptor"]
    assert storage["Columns"] == [{"Name": "line", "Type": "string"}]
    assert storage["Location"] == f"s3://stedi-data-lakehouse/{entity}/landing/"
    assert storage["SerdeInfo"] == RAW_LINE_SERDE
    parameters = table["Parameters"]
    assert {name: parameters[name] for name in parameters if name != "EXTERNAL"} == {
        "projection.enabled": "true",
        "projection.ingest_date.type": "date",
        "projection.ingest_date.format": "yyyy-MM-dd",
        "projection.ingest_date.range": "2022-01-01,NOW",
        "projection.ingest_date.interval": "1",
        "projection.ingest_date.interval.unit": "DAYS",
        "storage.location.template": (
            f"s3://stedi-data-lakehouse/{entity}/landing/ingest_date=${{ingest_date}}"
        ),
    }


def test_device_claims_are_read_as_the_erasure_writes_them() -> None:
    table = aws("glue").get_table(DatabaseName="stedi_restricted", Name="device_claims")["Table"]
    storage = table["StorageDescriptor"]
    assert storage["Location"] == "s3://stedi-data-lakehouse/restricted/device_claims/"
    columns = [(column["Name"], column["Type"]) for column in storage["Columns"]]
    times = [("claimed_from", "bigint"), ("claimed_until", "bigint")]
    assert columns == [("erasure", "string"), ("device", "string"), *times]
    assert storage["SerdeInfo"]["Parameters"] == {
        "field.delim": ",",
        "serialization.null.format": "",
    }


def test_pseudonym_key_table_has_one_row(lake: Lakehouse) -> None:
    table = aws("glue").get_table(DatabaseName="stedi_restricted", Name="pseudonym_key")["Table"]
    location = table["StorageDescriptor"]["Location"].removeprefix(f"s3://{lake.config.bucket}/")
    found = aws("s3").list_objects_v2(Bucket=lake.config.bucket, Prefix=location)["Contents"]
    (key,) = (entry["Key"] for entry in found)
    body = aws("s3").get_object(Bucket=lake.config.bucket, Key=key)["Body"].read()
    assert len(body.decode().strip()) == 64
    assert body.count(b"\n") == 1


@pytest.mark.parametrize("role", QUERYING_ROLES)
def test_workgroups_fix_engine_location_encryption_and_scan_limit(
    lake: Lakehouse, role: str
) -> None:
    found = aws("athena").get_work_group(WorkGroup=lake.workgroup(role))["WorkGroup"]
    settings = found["Configuration"]
    assert settings["EnforceWorkGroupConfiguration"] is True
    assert settings["EngineVersion"]["SelectedEngineVersion"] == "Athena engine version 3"
    assert settings["BytesScannedCutoffPerQuery"] == lake.config.scan_limit_gb * 10**9
    results = settings["ResultConfiguration"]
    assert results["OutputLocation"] == lake.address(f"results/{lake.workgroup(role)}")
    assert results["EncryptionConfiguration"] == {
        "EncryptionOption": "SSE_KMS",
        "KmsKey": data_key(lake)["Arn"],
    }


def test_workgroup_of_dbt_has_the_name_in_its_profile(lake: Lakehouse) -> None:
    assert lake.workgroup("dbt") == "stedi"


def test_glue_role_is_trusted_by_glue_alone(lake: Lakehouse) -> None:
    role = aws("iam").get_role(RoleName=lake.role_name("glue"))["Role"]
    (statement,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Principal"] == {"Service": "glue.amazonaws.com"}


@pytest.mark.parametrize("role", QUERYING_ROLES)
def test_other_roles_are_trusted_by_the_account_alone(lake: Lakehouse, role: str) -> None:
    found = aws("iam").get_role(RoleName=lake.role_name(role))["Role"]
    (statement,) = found["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Principal"] == {"AWS": f"arn:aws:iam::{lake.account}:root"}


def test_everything_that_can_be_is_tagged(lake: Lakehouse) -> None:
    expected = sorted(lake.config.tags.items())
    workgroup = lake.regional_arn("athena", "workgroup/stedi")
    found = [
        aws("s3").get_bucket_tagging(Bucket=lake.config.bucket)["TagSet"],
        aws("athena").list_tags_for_resource(ResourceARN=workgroup)["Tags"],
        aws("ec2").describe_vpc_endpoints()["VpcEndpoints"][0]["Tags"],
        *(aws("iam").list_role_tags(RoleName=lake.role_name(role))["Tags"] for role in ROLES),
    ]
    for tags in found:
        assert sorted((tag["Key"], tag["Value"]) for tag in tags) == expected
    key_tags = aws("kms").list_resource_tags(KeyId=data_key(lake)["KeyId"])["Tags"]
    assert sorted((tag["TagKey"], tag["TagValue"]) for tag in key_tags) == expected


def test_apply_creates_no_data_but_the_pseudonym_key(lake: Lakehouse) -> None:
    found = aws("s3").list_objects_v2(Bucket=lake.config.bucket)["Contents"]
    assert [entry["Key"] for entry in found] == ["restricted/pseudonym_key/pseudonym_key"]
    with pytest.raises(ClientError, match="EntityNotFound"):
        aws("glue").get_table(DatabaseName="stedi_curated", Name="customers_curated")
