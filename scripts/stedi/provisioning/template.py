"""The lakehouse as a CloudFormation template: a pure function of a Lakehouse and its network.

Written in Python rather than YAML, because the policies are functions that tests evaluate action by
action, and because every name is a literal here, so that a change set compares what will exist with
what does. `stedi aws template` prints the template.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stedi.aws.names import Lakehouse
from stedi.layout import (
    BACKFILL,
    DEVICE_CLAIMS_FOLDER,
    ERASURE_KEY_FOLDER,
    ERASURES_FOLDER,
    LANDED,
    LANDING,
    LAYERS,
    PSEUDONYM_KEY_FOLDER,
    QUERYING_ROLES,
    RESULTS,
    ROLES,
)
from stedi.provisioning.network import Network
from stedi.provisioning.policies import bucket_policy, key_policy, role_policy, trust_policy

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.type_defs import TagTypeDef

Template = dict[str, Any]
Resource = dict[str, Any]

BUCKET, DATA_KEY, S3_ENDPOINT = "Bucket", "DataKey", "S3Endpoint"  # logical ids

# A text row of one column. Its delimiter never occurs within a line, so every byte of the line is
# the value, and no text is read as null, not even `\N`.
RAW_LINE_SERDE: Resource = {
    "SerializationLibrary": "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe",
    "Parameters": {"field.delim": "\n", "serialization.null.format": "\n"},
}
TEXT_FILES: Resource = {
    "InputFormat": "org.apache.hadoop.mapred.TextInputFormat",
    "OutputFormat": "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
}

# A line of values with commas between them; an empty value is null.
DELIMITED_SERDE: Resource = {
    "SerializationLibrary": RAW_LINE_SERDE["SerializationLibrary"],
    "Parameters": {"field.delim": ",", "serialization.null.format": ""},
}

_LAYER_DESCRIPTIONS = {
    "landing": "Deliveries, line by line, as they arrived",
    "staging": "Lines parsed and checked, and the rejected ones",
    "trusted": "What people agreed to share for research",
    "curated": "Training data for the step detector",
    "audit": "Counts of what happened to every line and reading",
    "restricted": "Keys and erasures, for the build and the privacy officer only",
}
_ROLE_DESCRIPTIONS = {
    "dbt": "Builds the lakehouse: reads landing, writes every other layer",
    "analyst": "Reads the curated tables only",
    "privacy-officer": "Reads all tables, maintains audit and erases people",
    "glue": "Runs Glue jobs and table optimisers",
}
_GIGABYTE = 10**9


def full_template(lake: Lakehouse, network: Network) -> Template:
    """The whole lakehouse. An S3 endpoint that the VPC has already is used as it is."""
    resources = (
        _storage(lake)
        | _databases(lake)
        | _tables(lake)
        | {_id(role, "Role"): _role(lake, role) for role in ROLES}
        | {_id(role, "WorkGroup"): _workgroup(lake, role) for role in QUERYING_ROLES}
    )
    if network.existing_endpoint is None:
        resources[S3_ENDPOINT] = _endpoint(lake, network)
    return _template(resources)


def kept_template(lake: Lakehouse, with_databases: bool) -> Template:
    """What remains when the lakehouse is destroyed but its data is kept.

    with_databases: keep the databases too. Without them the audit tables, which no rebuild brings
    back, would be files that no table names.
    """
    return _template(_storage(lake) | (_databases(lake) if with_databases else {}))


def tags_of(lake: Lakehouse) -> list[TagTypeDef]:
    """The configured tags, as CloudFormation writes them."""
    return [{"Key": key, "Value": value} for key, value in sorted(lake.config.tags.items())]


def _template(resources: dict[str, Resource]) -> Template:
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "STEDI lakehouse: storage, catalog, workgroups and roles",
        "Resources": resources,
    }


def _storage(lake: Lakehouse) -> dict[str, Resource]:
    kept = {"DeletionPolicy": "RetainExceptOnCreate", "UpdateReplacePolicy": "Retain"}
    return {
        DATA_KEY: _resource(
            "AWS::KMS::Key",
            {
                "Description": f"Data of {lake.config.bucket}",
                "EnableKeyRotation": True,
                "PendingWindowInDays": 30,
                "KeyPolicy": key_policy(lake),
                "Tags": tags_of(lake),
            },
        )
        | kept,
        "DataKeyAlias": _resource(
            "AWS::KMS::Alias",
            {"AliasName": f"alias/{lake.config.stack}", "TargetKeyId": {"Ref": DATA_KEY}},
        ),
        BUCKET: _resource(
            "AWS::S3::Bucket",
            {
                "BucketName": lake.config.bucket,
                "BucketEncryption": {
                    "ServerSideEncryptionConfiguration": [
                        {
                            # With a bucket key, S3 calls KMS far less often than once a file.
                            "BucketKeyEnabled": True,
                            "ServerSideEncryptionByDefault": {
                                "SSEAlgorithm": "aws:kms",
                                "KMSMasterKeyID": _key_arn(),
                            },
                        }
                    ]
                },
                "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
                "PublicAccessBlockConfiguration": {
                    "BlockPublicAcls": True,
                    "BlockPublicPolicy": True,
                    "IgnorePublicAcls": True,
                    "RestrictPublicBuckets": True,
                },
                "VersioningConfiguration": {"Status": "Enabled"},
                "LifecycleConfiguration": {"Rules": _lifecycle_rules(lake)},
                "Tags": tags_of(lake),
            },
        )
        | kept,
        "BucketPolicy": _resource(
            "AWS::S3::BucketPolicy",
            {"Bucket": {"Ref": BUCKET}, "PolicyDocument": bucket_policy(lake, _key_arn())},
        ),
    }


def _lifecycle_rules(lake: Lakehouse) -> list[Resource]:
    """Old versions expire after some days, and with the last of them the delete marker."""
    return [
        {
            "Id": "OldVersions",
            "Status": "Enabled",
            "NoncurrentVersionExpiration": {"NoncurrentDays": lake.config.noncurrent_days},
            "ExpiredObjectDeleteMarker": True,
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": lake.config.noncurrent_days},
        },
        {
            "Id": "QueryResults",
            "Status": "Enabled",
            "Prefix": f"{RESULTS}/",
            "ExpirationInDays": lake.config.results_days,
            "NoncurrentVersionExpiration": {"NoncurrentDays": 1},
        },
    ]


def _databases(lake: Lakehouse) -> dict[str, Resource]:
    return {
        _id(layer, "Database"): _resource(
            "AWS::Glue::Database",
            {
                "CatalogId": {"Ref": "AWS::AccountId"},
                "DatabaseInput": {
                    "Name": lake.database(layer),
                    "Description": _LAYER_DESCRIPTIONS[layer],
                },
            },
        )
        for layer in LAYERS
    }


def _tables(lake: Lakehouse) -> dict[str, Resource]:
    landing = {
        _id(f"landing-{name}", "Table"): _table("landing", _landing_table(lake, name, prefix))
        for name, prefix in zip(LANDED, LANDING, strict=True)
    }
    restricted = {
        "PseudonymKeyTable": _restricted_table(
            lake, "pseudonym_key", PSEUDONYM_KEY_FOLDER, "One row: the key of customer_id",
            _raw_lines("pseudonym_key"),
        ),
        "ErasureKeyTable": _restricted_table(
            lake, "erasure_key", ERASURE_KEY_FOLDER,
            "At most one row: the key under which erasures are noted",
            _raw_lines("erasure_key"),
        ),
        "ErasuresTable": _restricted_table(
            lake, "erasures", ERASURES_FOLDER,
            "One row for each person who was erased and must not come back",
            _raw_lines("erasure"),
        ),
        "DeviceClaimsTable": _restricted_table(
            lake, "device_claims", DEVICE_CLAIMS_FOLDER,
            "One row for each time that an erased person had a device",
            _delimited(
                erasure="string", device="string", claimed_from="bigint", claimed_until="bigint"
            ),
        ),
    }  # fmt: skip
    return landing | restricted


def _restricted_table(
    lake: Lakehouse, name: str, folder: str, description: str, files: Resource
) -> Resource:
    return _table(
        "restricted",
        {
            "Name": name,
            "Description": description,
            "TableType": "EXTERNAL_TABLE",
            "Parameters": {"EXTERNAL": "TRUE"},
            "StorageDescriptor": files | {"Location": lake.address(folder)},
        },
    )


def _landing_table(lake: Lakehouse, name: str, prefix: str) -> Resource:
    """Its partitions are projected from the dates of a query, not kept in the catalog."""
    location = lake.address(prefix)
    return {
        "Name": name,
        "Description": (
            "Backfills: one line for each delivery on a day before the newest"
            if name == BACKFILL
            else f"Deliveries of {name}, line by line"
        ),
        "TableType": "EXTERNAL_TABLE",
        "Parameters": {
            "EXTERNAL": "TRUE",
            "projection.enabled": "true",
            "projection.ingest_date.type": "date",
            "projection.ingest_date.format": "yyyy-MM-dd",
            "projection.ingest_date.range": f"{lake.config.landing_start.isoformat()},NOW",
            "projection.ingest_date.interval": "1",
            "projection.ingest_date.interval.unit": "DAYS",
            "storage.location.template": f"{location}ingest_date=${{ingest_date}}",
        },
        "PartitionKeys": [{"Name": "ingest_date", "Type": "string"}],
        "StorageDescriptor": _raw_lines("line") | {"Location": location},
    }


def _raw_lines(column: str) -> Resource:
    """Text files whose lines are the values of one column."""
    return TEXT_FILES | {
        "Columns": [{"Name": column, "Type": "string"}],
        "SerdeInfo": RAW_LINE_SERDE,
    }


def _delimited(**types: str) -> Resource:
    """Text files whose lines are values of columns, with commas between them."""
    return TEXT_FILES | {
        "Columns": [{"Name": name, "Type": kind} for name, kind in types.items()],
        "SerdeInfo": DELIMITED_SERDE,
    }


def _table(layer: str, table_input: Resource) -> Resource:
    return _resource(
        "AWS::Glue::Table",
        {
            "CatalogId": {"Ref": "AWS::AccountId"},
            "DatabaseName": {"Ref": _id(layer, "Database")},
            "TableInput": table_input,
        },
    )


def _workgroup(lake: Lakehouse, role: str) -> Resource:
    return _resource(
        "AWS::Athena::WorkGroup",
        {
            "Name": lake.workgroup(role),
            "Description": f"Queries of the {role} role",
            # Without this it cannot be deleted once it has a query history.
            "RecursiveDeleteOption": True,
            "WorkGroupConfiguration": {
                "BytesScannedCutoffPerQuery": lake.config.scan_limit_gb * _GIGABYTE,
                "EnforceWorkGroupConfiguration": True,
                "EngineVersion": {"SelectedEngineVersion": "Athena engine version 3"},
                "PublishCloudWatchMetricsEnabled": True,
                "ResultConfiguration": {
                    "OutputLocation": lake.address(lake.results(role)),
                    "ExpectedBucketOwner": lake.account,
                    "EncryptionConfiguration": {
                        "EncryptionOption": "SSE_KMS",
                        "KmsKey": _key_arn(),
                    },
                },
            },
            "Tags": tags_of(lake),
        },
    )


def _role(lake: Lakehouse, role: str) -> Resource:
    return _resource(
        "AWS::IAM::Role",
        {
            "RoleName": lake.role_name(role),
            "Description": _ROLE_DESCRIPTIONS[role],
            "AssumeRolePolicyDocument": trust_policy(lake, role),
            "Policies": [
                {
                    "PolicyName": lake.role_name(role),
                    "PolicyDocument": role_policy(lake, role, _key_arn()),
                }
            ],
            "Tags": tags_of(lake),
        },
    )


def _endpoint(lake: Lakehouse, network: Network) -> Resource:
    """Keeps the VPC's S3 traffic off the internet.

    It serves the whole VPC, so its policy, open by default, is left to the VPC's owner.
    """
    return _resource(
        "AWS::EC2::VPCEndpoint",
        {
            "VpcId": network.vpc_id,
            "ServiceName": network.service,
            "VpcEndpointType": "Gateway",
            "RouteTableIds": list(network.route_table_ids),
            "Tags": tags_of(lake),
        },
    )


def _resource(kind: str, properties: Resource) -> Resource:
    return {"Type": kind, "Properties": properties}


def _key_arn() -> Resource:
    return {"Fn::GetAtt": [DATA_KEY, "Arn"]}


def _id(name: str, kind: str) -> str:
    """A logical id, which has only letters and digits: PrivacyOfficerRole."""
    return "".join(word.capitalize() for word in name.replace("_", "-").split("-")) + kind
