"""Tag columns on AWS by what they tell of a person, and grant the analyst those that name nobody.

The tags are the `meta: {pii: ...}` of the models' YAML, as dbt's manifest has it. A column without
a tag is granted to nobody, so that what is new is closed until this was run again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from botocore.exceptions import ClientError

from stedi.aws.names import Lakehouse
from stedi.errors import StediError
from stedi.layout import LAYERS
from stedi.lineage.levels import LEVELS, DescribedTable

PII, LAYER = "pii", "layer"
TAGS = {PII: LEVELS, LAYER: LAYERS}
# What the analyst is granted; IAM says besides which of these databases the role comes to at all.
GRANTED = {PII: ("none", "indirect"), LAYER: ("trusted", "curated")}

Resource = dict[str, Any]


class LakeFormationProblem(StediError):
    """Something that cannot be tagged. Its text says what to do."""


class Tagging(NamedTuple):
    """A value of a tag, and what gets it: as Lake Formation writes it, and for people."""

    key: str
    value: str
    resource: Resource
    name: str


class Grant(NamedTuple):
    """What a role may do with all databases or tables that an expression over tags fits."""

    role_arn: str
    permissions: Sequence[str]
    kind: str  # DATABASE or TABLE
    expression: Mapping[str, Sequence[str]]  # tag -> values, of which a resource must have one

    @property
    def resource(self) -> Resource:
        tags = [{"TagKey": key, "TagValues": [*v]} for key, v in self.expression.items()]
        return {"LFTagPolicy": {"ResourceType": self.kind, "Expression": tags}}


def taggings(lake: Lakehouse, tables: Iterable[DescribedTable]) -> Iterator[Tagging]:
    """Each database by its layer, each column by its level; tables have the layer from theirs."""
    for layer in LAYERS:
        name = lake.database(layer)
        yield Tagging(LAYER, layer, {"Database": {"Name": name}}, name)
    for table in tables:
        columns = defaultdict(list)
        for column, level in table.levels.items():
            columns[level].append(column)
        for level, names in columns.items():
            where = {"DatabaseName": table.schema, "Name": table.identifier, "ColumnNames": names}
            name = f"{table.schema}.{table.identifier} ({', '.join(names)})"
            yield Tagging(PII, level, {"TableWithColumns": where}, name)


def grants(lake: Lakehouse) -> list[Grant]:
    """What the analyst gets; a second time it changes nothing."""
    analyst = lake.role_arn("analyst")
    return [
        Grant(analyst, ("DESCRIBE",), "DATABASE", {LAYER: GRANTED[LAYER]}),
        Grant(analyst, ("SELECT", "DESCRIBE"), "TABLE", GRANTED),
    ]


def make_tags(client: Any) -> None:
    """Makes the tags, or gives those that are there the values that they lack.

    Raises ClientError.
    """
    for key, values in TAGS.items():
        known = _known_values(client, key)
        if not known:
            client.create_lf_tag(TagKey=key, TagValues=[*values])
        elif lacking := [value for value in values if value not in known]:
            client.update_lf_tag(TagKey=key, TagValuesToAdd=lacking)


def _known_values(client: Any, key: str) -> list[str]:
    try:
        return client.get_lf_tag(TagKey=key)["TagValues"]
    except ClientError as error:
        if error.response["Error"]["Code"] == "EntityNotFoundException":
            return []
        raise


def put_tag(client: Any, tagging: Tagging) -> None:
    """Gives the resource the tag, in the place of another value. Raises ClientError and
    LakeFormationProblem."""
    tags = [{"TagKey": tagging.key, "TagValues": [tagging.value]}]
    try:
        answer = client.add_lf_tags_to_resource(Resource=tagging.resource, LFTags=tags)
    except ClientError as error:
        if error.response["Error"]["Code"] == "EntityNotFoundException":
            raise LakeFormationProblem(
                f"{tagging.name}: not in the Glue catalog as dbt's manifest has it; run "
                "`dbt build --target athena`, then this again"
            ) from error
        raise
    for failure in answer.get("Failures", ()):
        reason = failure.get("Error", {}).get("ErrorMessage", "no reason given")
        raise LakeFormationProblem(
            f"{tagging.name}: the tag {tagging.key} was refused ({reason}); become an "
            "administrator of Lake Formation, and run this again"
        )


def grant(client: Any, what: Grant) -> None:
    """Raises ClientError."""
    client.grant_permissions(
        Principal={"DataLakePrincipalIdentifier": what.role_arn},
        Resource=what.resource,
        Permissions=[*what.permissions],
    )
