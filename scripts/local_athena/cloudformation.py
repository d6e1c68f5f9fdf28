"""What moto's CloudFormation lacks to deploy a data lake's template.

It does not know Glue databases, Glue tables, Athena workgroups and bucket policies, and takes only
part of the properties of a bucket, a role, a KMS key and a VPC endpoint. Here each resource's
properties go to moto's backend of the service. `extend_moto()` adds them, once per process.

Only AWS can tell whether it accepts a template's values, and how IAM evaluates policies.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, ClassVar

from moto.athena.models import athena_backends
from moto.cloudformation import parsing
from moto.core.common_models import CloudFormationModel
from moto.ec2.models import ec2_backends
from moto.ec2.models.vpcs import VPCEndPoint
from moto.glue.models import glue_backends
from moto.iam.access_control import PermissionResult
from moto.iam.models import Role, iam_backends
from moto.kms.models import Key, kms_backends
from moto.s3.models import FakeBucket, s3_backends

Properties = dict[str, Any]
_RETAINED = ("Retain", "RetainExceptOnCreate")
_is_extended = False


class _Resource:
    """A resource known to CloudFormation by its name; a subclass tells the service of it.

    moto takes for models what inherits from CloudFormationModel itself, so this must not.
    """

    kind: ClassVar[str]
    name_property: ClassVar[str] = ""

    def __init__(self, name: str) -> None:
        self.physical_resource_id = name

    @classmethod
    def cloudformation_type(cls) -> str:
        return cls.kind

    @classmethod
    def cloudformation_name_type(cls) -> str:
        return cls.name_property

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        return False

    def is_created(self) -> bool:
        return True

    @classmethod
    def create_from_cloudformation_json(
        cls,
        resource_name: str,
        cloudformation_json: Any,
        account_id: str,
        region_name: str,
        **_: Any,
    ) -> Any:
        return cls(cls.put(cloudformation_json["Properties"], account_id, region_name, new=True))

    @classmethod
    def update_from_cloudformation_json(
        cls,
        original_resource: Any,
        new_resource_name: str,
        cloudformation_json: Any,
        account_id: str,
        region_name: str,
    ) -> Any:
        return cls(cls.put(cloudformation_json["Properties"], account_id, region_name, new=False))

    @classmethod
    def delete_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Any, account_id: str, region_name: str
    ) -> None:
        cls.remove(resource_name, cloudformation_json["Properties"], account_id, region_name)

    @classmethod
    def put(cls, properties: Properties, account: str, region: str, new: bool) -> str:
        """Makes or changes the resource and returns its physical id."""
        raise NotImplementedError

    @classmethod
    def remove(cls, name: str, properties: Properties, account: str, region: str) -> None:
        raise NotImplementedError


class GlueDatabase(_Resource, CloudFormationModel):
    kind = "AWS::Glue::Database"

    @classmethod
    def put(cls, properties: Properties, account: str, region: str, new: bool) -> str:
        glue, given = glue_backends[account][region], properties["DatabaseInput"]
        (glue.create_database if new else glue.update_database)(given["Name"], given)
        return str(given["Name"])

    @classmethod
    def remove(cls, name: str, properties: Properties, account: str, region: str) -> None:
        glue_backends[account][region].delete_database(name)


class GlueTable(_Resource, CloudFormationModel):
    kind = "AWS::Glue::Table"

    @classmethod
    def put(cls, properties: Properties, account: str, region: str, new: bool) -> str:
        glue, given = glue_backends[account][region], properties["TableInput"]
        (glue.create_table if new else glue.update_table)(
            properties["DatabaseName"], given["Name"], given
        )
        return str(given["Name"])

    @classmethod
    def remove(cls, name: str, properties: Properties, account: str, region: str) -> None:
        # moto hands over properties as the template has them, where the database is a reference; so
        # no two tables of a template may share a name. A deleted database took its tables along.
        for database in glue_backends[account][region].databases.values():
            database.tables.pop(name, None)


class AthenaWorkGroup(_Resource, CloudFormationModel):
    kind = "AWS::Athena::WorkGroup"
    name_property = "Name"

    @classmethod
    def put(cls, properties: Properties, account: str, region: str, new: bool) -> str:
        athena, name = athena_backends[account][region], properties["Name"]
        configuration = dict(properties.get("WorkGroupConfiguration", {}))
        engine = configuration.get("EngineVersion", {}).get("SelectedEngineVersion", "AUTO")
        configuration["EngineVersion"] = {
            "SelectedEngineVersion": engine,
            "EffectiveEngineVersion": engine,
        }
        if not new:
            athena.delete_work_group(name)
        athena.create_work_group(
            name, configuration, properties.get("Description", ""), properties.get("Tags", [])
        )
        return str(name)

    @classmethod
    def remove(cls, name: str, properties: Properties, account: str, region: str) -> None:
        athena_backends[account][region].delete_work_group(name)


class S3BucketPolicy(_Resource, CloudFormationModel):
    kind = "AWS::S3::BucketPolicy"

    @classmethod
    def put(cls, properties: Properties, account: str, region: str, new: bool) -> str:
        policy = json.dumps(properties["PolicyDocument"]).encode()
        s3_backends[account]["aws"].put_bucket_policy(properties["Bucket"], policy)
        return str(properties["Bucket"])

    @classmethod
    def remove(cls, name: str, properties: Properties, account: str, region: str) -> None:
        if name in s3_backends[account]["aws"].buckets:
            s3_backends[account]["aws"].delete_bucket_policy(name)


def extend_moto() -> None:
    """Adds what is missing to moto, in this process and for good; a second time does nothing."""
    global _is_extended
    if _is_extended:
        return
    _is_extended = True
    parsing.get_model_list.cache_clear()
    parsing.get_model_map.cache_clear()
    parsing.get_name_type_map.cache_clear()
    _after_create_and_update(FakeBucket, _configure_bucket)
    _after_create_and_update(Role, _replace_policies)
    _after_create_and_update(Key, _replace_key_policy)
    _after_create_and_update(VPCEndPoint, _move_endpoint)
    endpoint: Any = VPCEndPoint
    endpoint.delete_from_cloudformation_json = classmethod(_delete_endpoint)
    resources: Any = parsing.ResourceMap
    resources._delete_resource = _unless_retained(resources._delete_resource)
    resources.update = _forgetting_removed(resources.update)
    # moto evaluates only StringEquals of a bucket policy's conditions: with any other, a Deny would
    # deny everything. A policy can be read back, and is not enforced.
    bucket: Any = FakeBucket
    bucket.get_permission = lambda *_: PermissionResult.NEUTRAL


def _after_create_and_update(
    model: Any, finish: Callable[[Any, Properties, str, str], None]
) -> None:
    """Has `finish(resource, properties, account, region)` run after moto made or changed it."""
    create = model.create_from_cloudformation_json

    def finished_create(
        cls: type[Any],
        /,
        resource_name: str,
        cloudformation_json: Any,
        account_id: str,
        region_name: str,
        **more: Any,
    ) -> Any:
        properties = cloudformation_json["Properties"]
        # A key's tags moto takes for the API's, which have other names; the rest ends up the same.
        untagged = {"Properties": {key: properties[key] for key in properties if key != "Tags"}}
        made = create(resource_name, untagged, account_id, region_name, **more)
        finish(made, properties, account_id, region_name)
        return made

    def finished_update(
        cls: type[Any],
        original_resource: Any,
        new_resource_name: str,
        cloudformation_json: Any,
        account_id: str,
        region_name: str,
    ) -> Any:
        finish(original_resource, cloudformation_json["Properties"], account_id, region_name)
        return original_resource

    model.create_from_cloudformation_json = classmethod(finished_create)
    model.update_from_cloudformation_json = classmethod(finished_update)


def _configure_bucket(bucket: Any, properties: Properties, account: str, region: str) -> None:
    s3, name = s3_backends[account]["aws"], bucket.name
    if encryption := properties.get("BucketEncryption"):
        default = encryption["ServerSideEncryptionConfiguration"][0]
        rule = {
            "ApplyServerSideEncryptionByDefault": default["ServerSideEncryptionByDefault"],
            "BucketKeyEnabled": str(default.get("BucketKeyEnabled", False)).lower(),
        }
        s3.put_bucket_encryption(name, {"Rule": rule})
    if versioning := properties.get("VersioningConfiguration"):
        s3.put_bucket_versioning(name, versioning["Status"])
    if block := properties.get("PublicAccessBlockConfiguration"):
        s3.put_public_access_block(name, {key: str(value).lower() for key, value in block.items()})
    if ownership := properties.get("OwnershipControls"):
        s3.put_bucket_ownership_controls(name, ownership["Rules"][0]["ObjectOwnership"])
    if lifecycle := properties.get("LifecycleConfiguration"):
        s3.put_bucket_lifecycle(name, [_lifecycle_rule(rule) for rule in lifecycle["Rules"]])
    s3.put_bucket_tagging(name, _as_dict(properties.get("Tags", [])))


def _lifecycle_rule(rule: Properties) -> Properties:
    """A rule of a template as the API has it."""
    expiration = {
        api: str(rule[template]).lower()
        for template, api in (
            ("ExpirationInDays", "Days"),
            ("ExpiredObjectDeleteMarker", "ExpiredObjectDeleteMarker"),
        )
        if template in rule
    }
    same = ("Status", "NoncurrentVersionExpiration", "AbortIncompleteMultipartUpload")
    return {
        "ID": rule.get("Id", ""),
        "Filter": {"Prefix": rule.get("Prefix", "")},
        **({"Expiration": expiration} if expiration else {}),
        **{key: rule[key] for key in same if key in rule},
    }


def _replace_policies(role: Any, properties: Properties, account: str, region: str) -> None:
    """moto keeps the policies as it got them, but answers with them as with text."""
    role.policies.clear()
    for policy in properties.get("Policies", ()):
        role.put_policy(policy["PolicyName"], json.dumps(policy["PolicyDocument"]))
    role.description = properties.get("Description", "")
    iam = iam_backends[account]["aws"]
    iam.update_assume_role_policy(role.name, json.dumps(properties["AssumeRolePolicyDocument"]))
    iam.tag_role(role.name, properties.get("Tags", []))


def _replace_key_policy(key: Any, properties: Properties, account: str, region: str) -> None:
    kms = kms_backends[account][region]
    kms.put_key_policy(key.id, json.dumps(properties["KeyPolicy"]))
    kms.tag_resource(key.id, _as_dict(properties.get("Tags", [])))


def _move_endpoint(endpoint: Any, properties: Properties, account: str, region: str) -> None:
    endpoint.vpc_id = properties["VpcId"]  # AWS would make another one there
    endpoint.route_table_ids = list(properties.get("RouteTableIds", []))
    endpoint.add_tags(_as_dict(properties.get("Tags", [])))


def _delete_endpoint(
    cls: type[Any], resource_name: str, cloudformation_json: Any, account_id: str, region_name: str
) -> None:
    ec2_backends[account_id][region_name].delete_vpc_endpoints([resource_name])


def _as_dict(tags: list[dict[str, str]]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in tags}


def _unless_retained(delete: Callable[..., None]) -> Callable[..., None]:
    def deleting(self: Any, parsed_resource: Any, resource_json: Any) -> None:
        if resource_json.get("DeletionPolicy") not in _RETAINED:
            delete(self, parsed_resource, resource_json)

    return deleting


def _forgetting_removed(update: Callable[..., None]) -> Callable[..., None]:
    """moto remembers what an update removed, and would not create it again if it came back."""

    def updating(self: Any, template: Any, parameters: Any = None) -> None:
        update(self, template, parameters)
        for logical_id in self._parsed_resources.keys() - template["Resources"].keys():
            if not logical_id.startswith("AWS::"):
                del self._parsed_resources[logical_id]

    return updating
