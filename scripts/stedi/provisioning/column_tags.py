"""Column tags in Lake Formation: how much a column reveals about a person, and who may read it.

The tags are the `meta: {pii: ...}` of the models' YAML, taken from dbt's manifest. A column without
a tag is granted to nobody, so new columns stay closed until the tags are put again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from botocore.exceptions import ClientError

from stedi.aws.names import Lakehouse
from stedi.errors import StediError
from stedi.layout import LAYERS
from stedi.lineage.levels import LEVELS, DescribedTable

if TYPE_CHECKING:
    from mypy_boto3_lakeformation import LakeFormationClient
    from mypy_boto3_lakeformation.literals import PermissionType, ResourceTypeType
    from mypy_boto3_lakeformation.type_defs import ResourceTypeDef

PII, LAYER = "pii", "layer"
TAGS = {PII: LEVELS, LAYER: LAYERS}
# What the analyst is granted. IAM restricts further which of these databases the role reaches.
GRANTED = {PII: ("none", "indirect"), LAYER: ("trusted", "curated")}


class Tagging(NamedTuple):
    """A tag's value for one resource. name: the resource, for people to read."""

    key: str
    value: str
    resource: ResourceTypeDef
    name: str


class Grant(NamedTuple):
    """What a role may do with every database or table whose tags match.

    tags: tag -> the values of which a resource must have one, for each tag.
    """

    role_arn: str
    permissions: Sequence[PermissionType]
    kind: ResourceTypeType
    tags: Mapping[str, Sequence[str]]

    @property
    def resource(self) -> ResourceTypeDef:
        """What is granted, as Lake Formation writes it."""
        return {
            "LFTagPolicy": {
                "ResourceType": self.kind,
                "Expression": [
                    {"TagKey": key, "TagValues": values} for key, values in self.tags.items()
                ],
            }
        }


def taggings(lake: Lakehouse, tables: Iterable[DescribedTable]) -> Iterator[Tagging]:
    """Each database's tag, its layer, which its tables inherit, and each column's, its level."""
    for layer in LAYERS:
        name = lake.database(layer)
        yield Tagging(LAYER, layer, {"Database": {"Name": name}}, name)
    for table in tables:
        columns = defaultdict(list)
        for column, level in table.levels.items():
            columns[level].append(column)
        for level, names in columns.items():
            resource: ResourceTypeDef = {
                "TableWithColumns": {
                    "DatabaseName": table.schema,
                    "Name": table.identifier,
                    "ColumnNames": names,
                }
            }
            name = f"{table.schema}.{table.identifier} ({', '.join(names)})"
            yield Tagging(PII, level, resource, name)


def grants(lake: Lakehouse) -> list[Grant]:
    """The analyst's grants. Granting them again changes nothing."""
    analyst = lake.role_arn("analyst")
    return [
        Grant(analyst, ("DESCRIBE",), "DATABASE", {LAYER: GRANTED[LAYER]}),
        Grant(analyst, ("SELECT", "DESCRIBE"), "TABLE", GRANTED),
    ]


def create_tags(client: LakeFormationClient) -> None:
    """Creates the tags, and adds missing values to existing ones. Raises ClientError."""
    for key, values in TAGS.items():
        known = _known_values(client, key)
        if not known:
            client.create_lf_tag(TagKey=key, TagValues=[*values])
        elif missing := [value for value in values if value not in known]:
            client.update_lf_tag(TagKey=key, TagValuesToAdd=missing)


def _known_values(client: LakeFormationClient, key: str) -> list[str]:
    try:
        return client.get_lf_tag(TagKey=key)["TagValues"]
    except ClientError as error:
        if error.response["Error"]["Code"] == "EntityNotFoundException":
            return []
        raise


def put_tag(client: LakeFormationClient, tagging: Tagging) -> None:
    """Puts the tag on the resource, in place of its former value.

    Raises StediError if the table does not exist or the tag is refused, and ClientError.
    """
    try:
        answer = client.add_lf_tags_to_resource(
            Resource=tagging.resource,
            LFTags=[{"TagKey": tagging.key, "TagValues": [tagging.value]}],
        )
    except ClientError as error:
        if error.response["Error"]["Code"] == "EntityNotFoundException":
            raise StediError(
                f"{tagging.name}: the Glue catalog does not have this; run "
                "`dbt build --target athena`, then run this again"
            ) from error
        raise
    for failure in answer.get("Failures", ()):
        reason = failure.get("Error", {}).get("ErrorMessage", "no reason given")
        raise StediError(
            f"{tagging.name}: Lake Formation refused the tag {tagging.key} ({reason}); run this "
            "as an administrator of Lake Formation"
        )


def put_grant(client: LakeFormationClient, grant: Grant) -> None:
    """Grants a role what it may do. Raises ClientError."""
    client.grant_permissions(
        Principal={"DataLakePrincipalIdentifier": grant.role_arn},
        Resource=grant.resource,
        Permissions=grant.permissions,
    )
