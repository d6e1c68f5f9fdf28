"""Who may do what: IAM, bucket and key policies as pure functions of a Lakehouse.

`key` is the ARN of the KMS key of the data, or a CloudFormation expression for it. What no
statement allows is denied; a Deny here holds whatever else is attached to a role.

Athena's access to S3 cannot be restricted by VPC, endpoint or address, because it comes from none
of ours. The data is protected by the roles, by TLS, and by a KMS key that works through S3 only.
"""

from __future__ import annotations

from typing import Any

from stedi.aws.names import Lakehouse
from stedi.layout import (
    AUDIT,
    BUILT,
    BUILT_LAYERS,
    CURATED,
    ERASURE_FOLDERS,
    ERASURES_FOLDER,
    LANDING,
    LAYERS,
    PENDING_ERASURES_FOLDER,
    PSEUDONYM_KEY_FOLDER,
    RESTRICTED,
    RESULTS,
    STAGING,
)

Key = Any  # str | {"Fn::GetAtt": ...}
Statement = dict[str, Any]
Policy = dict[str, Any]

WRITE_OBJECTS = ("s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts")
DELETE_OBJECTS = ("s3:DeleteObject", "s3:DeleteObjectVersion")
READ_TABLES = (
    "glue:GetDatabase",
    "glue:GetTable",
    "glue:GetTables",
    "glue:GetPartition",
    "glue:GetPartitions",
    "glue:BatchGetPartition",
    "glue:GetTableVersion",
    "glue:GetTableVersions",
    "glue:GetColumnStatisticsForTable",
)
UPDATE_TABLES = ("glue:UpdateTable", "glue:UpdateColumnStatisticsForTable")
WRITE_TABLES = (
    *UPDATE_TABLES,
    "glue:CreateTable",
    "glue:DeleteTable",
    "glue:DeleteTableVersion",
    "glue:BatchDeleteTableVersion",
    "glue:DeleteColumnStatisticsForTable",
    "glue:CreatePartition",
    "glue:BatchCreatePartition",
    "glue:UpdatePartition",
    "glue:DeletePartition",
    "glue:BatchDeletePartition",
)
ASK_QUERIES = (
    "athena:GetWorkGroup",
    "athena:StartQueryExecution",
    "athena:StopQueryExecution",
    "athena:GetQueryExecution",
    "athena:BatchGetQueryExecution",
    "athena:ListQueryExecutions",
    "athena:GetQueryResults",
    "athena:GetQueryResultsStream",
    "athena:GetQueryRuntimeStatistics",
)
BROWSE_CATALOG = (
    "athena:GetDataCatalog",
    "athena:GetDatabase",
    "athena:ListDatabases",
    "athena:GetTableMetadata",
    "athena:ListTableMetadata",
)


def role_policy(lake: Lakehouse, role: str, key: Key) -> Policy:
    """What a role may do; `role` is one of layout.ROLES."""
    return {
        "dbt": dbt_policy,
        "analyst": analyst_policy,
        "privacy-officer": privacy_officer_policy,
        "glue": glue_policy,
    }[role](lake, key)


def dbt_policy(lake: Lakehouse, key: Key) -> Policy:
    """Reads landing and the pseudonym key, writes every other layer, deletes nothing in landing.

    It needs s3:DeleteObject: maintenance and rebuilt tables delete the files that they replace.
    """
    read = (*LANDING, RESTRICTED)
    return _policy(
        _list_bucket(lake, *read, *BUILT, lake.results("dbt")),
        _allow("ReadInput", ["s3:GetObject"], lake.objects(*read)),
        _allow(
            "BuildZones",
            ["s3:GetObject", *WRITE_OBJECTS, "s3:DeleteObject"],
            lake.objects(*BUILT, lake.results("dbt")),
        ),
        _deny("KeepInput", [*DELETE_OBJECTS, "s3:PutObject"], lake.objects(*read)),
        *_catalog(lake, *LAYERS),
        _allow("BuildTables", WRITE_TABLES, _tables(lake, *BUILT_LAYERS)),
        *_queries(lake, "dbt"),
        _use_key(lake, key, "kms:Decrypt", "kms:GenerateDataKey"),
        # Needed where Lake Formation governs the data. dbt tags columns; it grants nobody access.
        _allow(
            "TagColumns",
            [
                "lakeformation:GetResourceLFTags",
                "lakeformation:AddLFTagsToResource",
                "lakeformation:RemoveLFTagsFromResource",
            ],
            ["*"],
        ),
    )


def analyst_policy(lake: Lakehouse, key: Key) -> Policy:
    """Reads the curated tables and nothing else."""
    return _policy(
        _list_bucket(lake, *CURATED, lake.results("analyst")),
        _allow("ReadCurated", ["s3:GetObject"], lake.objects(*CURATED)),
        _own_results(lake, "analyst"),
        *_catalog(lake, "curated"),
        *_queries(lake, "analyst"),
        _use_key(lake, key, "kms:Decrypt", "kms:GenerateDataKey"),
    )


def privacy_officer_policy(lake: Lakehouse, key: Key) -> Policy:
    """Reads everything but the pseudonym key, maintains audit, and erases people.

    Erasing rewrites lines in landing, staging and audit, deletes old versions and query results
    anywhere, and notes who must not come back. Rebuilding the tables is dbt's job.
    """
    everything = (*LANDING, *BUILT, RESULTS)
    removable = (ERASURES_FOLDER, PENDING_ERASURES_FOLDER)
    return _policy(
        _list_bucket(lake, *everything, *ERASURE_FOLDERS),
        _allow(
            "ListVersions",
            ["s3:ListBucketVersions"],
            [lake.bucket_arn],
            {"StringLike": {"s3:prefix": _prefixes(*everything, *removable)}},
        ),
        _allow("ReadAll", ["s3:GetObject", "s3:GetObjectVersion"], lake.objects(*everything)),
        _allow("Erase", DELETE_OBJECTS, lake.objects(*everything)),
        _allow(
            "RewriteLines",
            WRITE_OBJECTS,
            lake.objects(*LANDING, STAGING, AUDIT, lake.results("privacy-officer")),
        ),
        # Without these a rewritten file would lose its tags, and nothing would say so.
        _allow("KeepTags", ["s3:GetObjectTagging", "s3:PutObjectTagging"], lake.objects(*LANDING)),
        _allow("NoteErasures", ["s3:GetObject", "s3:PutObject"], lake.objects(*ERASURE_FOLDERS)),
        _allow("EndErasures", DELETE_OBJECTS, lake.objects(*removable)),
        _deny("LeaveKey", ["s3:*"], lake.objects(PSEUDONYM_KEY_FOLDER)),
        *_catalog(lake, "landing", *BUILT_LAYERS),
        _allow("RewriteTables", UPDATE_TABLES, _tables(lake, "staging", "audit")),
        *_queries(lake, "privacy-officer"),
        _use_key(lake, key, "kms:Decrypt", "kms:GenerateDataKey"),
    )


def glue_policy(lake: Lakehouse, key: Key) -> Policy:
    """For Glue jobs and table optimisers: like dbt, but without queries and the pseudonym key."""
    return _policy(
        _list_bucket(lake, *LANDING, *BUILT),
        _allow("ReadLanding", ["s3:GetObject"], lake.objects(*LANDING)),
        _allow(
            "BuildZones",
            ["s3:GetObject", *WRITE_OBJECTS, "s3:DeleteObject"],
            lake.objects(*BUILT),
        ),
        _deny("KeepLanding", [*DELETE_OBJECTS, "s3:PutObject"], lake.objects(*LANDING)),
        _deny("LeaveKey", ["s3:*"], lake.objects(RESTRICTED)),
        *_catalog(lake, "landing", *BUILT_LAYERS),
        _allow("BuildTables", WRITE_TABLES, _tables(lake, *BUILT_LAYERS)),
        _use_key(lake, key, "kms:Decrypt", "kms:GenerateDataKey"),
        _allow(
            "WriteLogs",
            ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"],
            [lake.regional_arn("logs", "log-group:/aws-glue/*")],
        ),
    )


def trust_policy(lake: Lakehouse, role: str) -> Policy:
    """Who may assume a role."""
    principal: dict[str, Any] = {"Service": "glue.amazonaws.com"}
    if role != "glue":
        account = f"arn:{lake.partition}:iam::{lake.account}:root"
        principal = {"AWS": lake.config.assumed_by.get(role, account)}
    return _policy({"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"})


def bucket_policy(lake: Lakehouse, key: Key) -> Policy:
    """What nobody may do, not even administrators: it only denies."""
    objects = f"{lake.bucket_arn}/*"
    everything = [lake.bucket_arn, objects]
    header = "s3:x-amz-server-side-encryption"
    restricted, officer = lake.objects(RESTRICTED), lake.role_arn("privacy-officer")
    return _policy(
        _deny_all("NoPlainHttp", ["s3:*"], everything, {"Bool": {"aws:SecureTransport": "false"}}),
        _deny_all("NoOldTls", ["s3:*"], everything, {"NumericLessThan": {"s3:TlsVersion": "1.2"}}),
        # A negated condition also holds where the header is missing. Then S3 encrypts as the bucket
        # does by default, which is right; hence `Null`.
        _deny_all(
            "NoOtherEncryption",
            ["s3:PutObject"],
            [objects],
            {"Null": {header: "false"}, "StringNotEquals": {header: "aws:kms"}},
        ),
        _deny_all(
            "NoOtherKmsKey",
            ["s3:PutObject"],
            [objects],
            {
                "Null": {f"{header}-aws-kms-key-id": "false"},
                "ArnNotEquals": {f"{header}-aws-kms-key-id": key},
            },
        ),
        _deny_all(
            "RestrictedForDbtAndTheOfficer",
            ["s3:GetObject*"],
            restricted,
            {"ArnNotEquals": {"aws:PrincipalArn": [lake.role_arn("dbt"), officer]}},
        ),
        _deny_all(
            "NoPseudonymKeyForTheOfficer",
            ["s3:GetObject*"],
            lake.objects(PSEUDONYM_KEY_FOLDER),
            {"ArnEquals": {"aws:PrincipalArn": officer}},
        ),
        _deny_all(
            "NoOverwrittenPseudonymKey",
            ["s3:PutObject"],
            restricted,
            {"Null": {"s3:if-none-match": "true"}},
        ),
    )


def key_policy(lake: Lakehouse) -> Policy:
    """IAM decides who may use the KMS key, as for a key that was created in the console."""
    return _policy(
        {
            "Sid": "AccountDecidesByIam",
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:{lake.partition}:iam::{lake.account}:root"},
            "Action": "kms:*",
            "Resource": "*",
        }
    )


def _policy(*statements: Statement) -> Policy:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def _allow(sid: str, actions: Any, resources: Any, condition: Any = None) -> Statement:
    statement = {"Sid": sid, "Effect": "Allow", "Action": list(actions), "Resource": resources}
    return statement | ({"Condition": condition} if condition else {})


def _deny(sid: str, actions: Any, resources: Any, condition: Any = None) -> Statement:
    return _allow(sid, actions, resources, condition) | {"Effect": "Deny"}


def _deny_all(sid: str, actions: Any, resources: Any, condition: Any) -> Statement:
    return _deny(sid, actions, resources, condition) | {"Principal": "*"}


def _prefixes(*zones: str) -> list[str]:
    """Athena lists zones without a slash, too; the folders of erasures only stedi lists."""
    bare = [zone for zone in zones if zone not in ERASURE_FOLDERS]  # a policy may not be long
    return [*bare, *(f"{zone}/*" for zone in zones)]


def _list_bucket(lake: Lakehouse, *zones: str) -> Statement:
    """Lists the objects of these zones, and of no others."""
    return _allow(
        "ListZones",
        ["s3:ListBucket"],
        [lake.bucket_arn],
        {"StringLike": {"s3:prefix": _prefixes(*zones)}},
    )


def _own_results(lake: Lakehouse, role: str) -> Statement:
    actions = ["s3:GetObject", *WRITE_OBJECTS]
    return _allow("OwnResults", actions, lake.objects(lake.results(role)))


def _catalog(lake: Lakehouse, *layers: str) -> list[Statement]:
    """Reads the layers' databases and tables, and the names of all databases, as Athena does."""
    glue = lake.regional_arn
    return [
        _allow(
            "ListDatabases",
            ["glue:GetDatabases"],
            [glue("glue", "catalog"), glue("glue", "database/*")],
        ),
        # Athena looks into `default`, whatever a query names.
        _allow("FindDatabases", ["glue:GetDatabase"], [glue("glue", "database/default")]),
        _allow("ReadTables", READ_TABLES, _tables(lake, *layers)),
        # Where Lake Formation governs the data, it hands out the credentials for it.
        _allow("AskLakeFormation", ["lakeformation:GetDataAccess"], ["*"]),
    ]


def _tables(lake: Lakehouse, *layers: str) -> list[str]:
    """ARNs of the layers' tables. An action on a table needs its catalog and database too."""
    databases = [lake.database(layer) for layer in layers]
    return [
        lake.regional_arn("glue", "catalog"),
        *(lake.regional_arn("glue", f"database/{database}") for database in databases),
        *(lake.regional_arn("glue", f"table/{database}/*") for database in databases),
    ]


def _queries(lake: Lakehouse, role: str) -> list[Statement]:
    workgroup = lake.regional_arn("athena", f"workgroup/{lake.workgroup(role)}")
    # Athena writes its catalog's name the first way, dbt's profile the second; IAM minds the case.
    names = ("AwsDataCatalog", "awsdatacatalog")
    catalogs = [lake.regional_arn("athena", f"datacatalog/{name}") for name in names]
    return [
        _allow("AskQueries", ASK_QUERIES, [workgroup]),
        _allow("BrowseCatalog", BROWSE_CATALOG, catalogs),
        _allow("LocateBucket", ["s3:GetBucketLocation"], [lake.bucket_arn]),
    ]


def _use_key(lake: Lakehouse, key: Key, *actions: str) -> Statement:
    service = f"s3.{lake.config.region}.amazonaws.com"
    return _allow("UseDataKey", actions, [key], {"StringEquals": {"kms:ViaService": service}})
