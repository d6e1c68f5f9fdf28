"""Provision the lakehouse on AWS: plan, apply or destroy its one CloudFormation stack."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import click
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError as NoConnection,
    NoCredentialsError,
    PartialCredentialsError,
)

from aws_names import (
    PSEUDONYM_KEY_OBJECT,
    QUERYING_ROLES,
    RESTRICTED,
    InvalidConfig,
    Lakehouse,
    load_config,
)
from network import Network, NetworkProblem, find_network
from pseudonym_key import SHORTEST_KEY, UnreadableKey, new_key, read_key
from stack import NEVER_MADE, Stack, StackProblem
from stack_template import BUCKET, DATA_KEY, S3_ENDPOINT, full_template, kept_template, tags_of
from storage import Bucket, NotDeleted

CONFIG = Path(__file__).parent.parent / "infrastructure" / "config.toml"
config_option = click.option(
    "--config",
    default=CONFIG,
    show_default="infrastructure/config.toml",
    type=click.Path(path_type=Path),
    help="What everything on AWS is called.",
)
DOCUMENTATION = "see the permissions that provisioning needs in docs/aws.md"
RENEW = "renew the credentials"
WHAT_TO_DO = {
    "AccessDenied": DOCUMENTATION,
    "AccessDeniedException": DOCUMENTATION,
    "UnauthorizedOperation": DOCUMENTATION,
    "403": DOCUMENTATION,
    "ExpiredToken": RENEW,
    "ExpiredTokenException": RENEW,
    "RequestExpired": f"set this machine's clock, or {RENEW}",
    "InvalidClientTokenId": RENEW,
    "UnrecognizedClientException": RENEW,
    "AuthFailure": RENEW,
    "SignatureDoesNotMatch": RENEW,
    "OptInRequired": "enable the region for this account, or choose another in the configuration",
    "Throttling": "wait a minute and run it again",
    "LimitExceededException": "delete stacks that nobody needs, or have the quota raised",
    "InvalidVpcID.NotFound": "name a VPC of this region with --vpc-id",
    "NoSuchBucket": "somebody deleted it; run `provision.py destroy`, then apply again",
}


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


class Provisioner:
    """A lakehouse in the account of the environment's credentials."""

    def __init__(self, config: Path) -> None:
        settings = load_config(config)
        self.clients = Clients(settings.region)
        self.lake = Lakehouse(settings, self.clients.account, self.clients.partition)
        self.stack = Stack(self.clients.cloudformation, settings.stack)
        self.bucket = Bucket(self.clients.s3, settings.bucket)

    def network(self, vpc_id: str | None, route_table_ids: tuple[str, ...]) -> Network:
        """Where the endpoint belongs: what was asked for, else what the configuration says."""
        own = self.stack.physical_id(S3_ENDPOINT)
        settings = self.lake.config
        if vpc_id is None and not route_table_ids:
            vpc_id, route_table_ids = settings.vpc_id, tuple(settings.route_table_ids)
        return find_network(self.clients.ec2, settings.region, own, vpc_id, route_table_ids)

    def check_bucket_name(self) -> None:
        """Raises StackProblem where the bucket is not ours to make: better now than half-way."""
        if self.stack.physical_id(BUCKET) is None and (owner := self.bucket.owner()):
            raise StackProblem(
                f"{self.bucket.name}: the bucket exists already, in {owner}; "
                "choose another name in the configuration"
            )

    def put_pseudonym_key(self, key: str) -> bool:
        """Whether the key was put; False, and nothing done, where there is one."""
        return self.bucket.put_new(PSEUDONYM_KEY_OBJECT, f"{key}\n".encode())


@contextmanager
def clear_errors() -> Iterator[None]:
    """Turns what AWS raises into one sentence that says what to do."""
    try:
        yield
    except ClientError as error:
        code = error.response["Error"]["Code"]
        what = WHAT_TO_DO.get(code, "see the code's meaning in the service's documentation")
        message = error.response["Error"].get("Message", "").strip().rstrip(".")
        where = f"{error.operation_name}: {code} ({message})"
        raise click.ClickException(f"{where}: {what}") from error
    except (NoCredentialsError, PartialCredentialsError) as error:
        what = "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        raise click.ClickException(f"{error}: {what}") from error
    except NoConnection as error:
        what = "check the network and AWS_ENDPOINT_URL"
        raise click.ClickException(f"{error}: {what}") from error
    except (
        BotoCoreError,
        InvalidConfig,
        NetworkProblem,
        NotDeleted,
        StackProblem,
        UnreadableKey,
    ) as error:
        raise click.ClickException(str(error)) from error


def change(provisioner: Provisioner, template: dict[str, Any], make: bool) -> bool:
    """Shows what the template changes, and makes the changes or not. Whether there were any."""
    stack = provisioner.stack
    change_set = stack.plan(template, tags_of(provisioner.lake))
    for line in change_set.changes:
        click.echo(str(line))
    if change_set.changes and make:
        stack.execute(change_set)
    else:
        stack.discard(change_set.arn)
    return bool(change_set.changes)


def _network_options(command: Any) -> Any:
    vpc = click.option(
        "--vpc-id",
        help="The VPC that gets the S3 endpoint.  [default: the configured or the default VPC]",
    )
    tables = click.option(
        "--route-table-id",
        "route_table_ids",
        multiple=True,
        help="A route table that it serves; may be repeated.  [default: configured, or all]",
    )
    return vpc(tables(command))


def _echo_network(network: Network) -> None:
    if network.existing_endpoint is None:
        return
    click.echo(f"{network.vpc_id} has an S3 endpoint, {network.existing_endpoint}: it is used")
    if network.unserved:
        click.echo(
            f"It does not serve {', '.join(network.unserved)}; it can be told to by "
            f"`aws ec2 modify-vpc-endpoint --vpc-endpoint-id {network.existing_endpoint} "
            f"--add-route-table-ids {' '.join(network.unserved)}`"
        )


@click.group(help=__doc__)
@config_option
@click.pass_context
def main(context: click.Context, config: Path) -> None:
    context.obj = config


@main.command()
@_network_options
@click.pass_obj
def plan(config: Path, vpc_id: str | None, route_table_ids: tuple[str, ...]) -> None:
    """Show what apply would change, and change nothing."""
    with clear_errors():
        provisioner = Provisioner(config)
        provisioner.check_bucket_name()
        network = provisioner.network(vpc_id, route_table_ids)
        _echo_network(network)
        template = full_template(provisioner.lake, network)
        if not change(provisioner, template, make=False):
            click.echo("Nothing to change.")


@main.command()
@_network_options
@click.option(
    "--key-file",
    type=click.Path(path_type=Path),
    help="The pseudonym key to put, so that ids equal those made elsewhere.  [default: a new one]",
)
@click.pass_obj
def apply(
    config: Path, vpc_id: str | None, route_table_ids: tuple[str, ...], key_file: Path | None
) -> None:
    """Make the lakehouse what the configuration says; a second time changes nothing."""
    with clear_errors():
        key = new_key() if key_file is None else read_key(key_file)
        if key is None or len(key) < SHORTEST_KEY or len(key.split()) > 1:
            raise click.ClickException(
                f"{key_file}: no key of at least {SHORTEST_KEY} characters, on one line"
            )
        provisioner = Provisioner(config)
        provisioner.check_bucket_name()
        network = provisioner.network(vpc_id, route_table_ids)
        _echo_network(network)
        template = full_template(provisioner.lake, network)
        if not change(provisioner, template, make=True):
            click.echo("Nothing to change.")
        made = provisioner.put_pseudonym_key(key)
        where = provisioner.lake.address(RESTRICTED)
        click.echo(f"Pseudonym key in {where}: {'made' if made else 'exists, left alone'}")
        for role in QUERYING_ROLES:
            workgroup = provisioner.lake.workgroup(role)
            click.echo(f"Role {provisioner.lake.role_arn(role)}, workgroup {workgroup}")


@main.command()
@click.option("--delete-data", is_flag=True, help="Delete the data too, all but the pseudonym key.")
@click.option("--delete-key", is_flag=True, help="With --delete-data: the pseudonym key as well.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def destroy(config: Path, delete_data: bool, delete_key: bool, yes: bool) -> None:
    """Remove the lakehouse, but keep the bucket as long as it holds anything.

    Roles, workgroups, landing tables and the endpoint go. What is stored stays with what it needs:
    the bucket, its KMS key, and the databases. apply takes it all up again. If it is broken off,
    run it again.
    """
    if delete_key and not delete_data:
        raise click.UsageError("--delete-key only goes with --delete-data")
    with clear_errors():
        provisioner = Provisioner(config)
        status = provisioner.stack.status()
        if status is None:
            click.echo("There is nothing to destroy.")
            return
        what = _what_goes(provisioner.bucket.name, delete_data, delete_key)
        if not yes and not click.confirm(what, err=True):
            raise click.ClickException("nothing was changed")
        if status in NEVER_MADE:
            provisioner.stack.delete()
            click.echo(f"Deleted stack {provisioner.stack.name}")
            return
        _destroy(provisioner, delete_data, delete_key)


def _what_goes(bucket: str, delete_data: bool, delete_key: bool) -> str:
    if delete_key:
        return f"Delete everything, all data in {bucket} and the pseudonym key included?"
    if delete_data:
        return f"Delete everything, all data in {bucket} included, but not the pseudonym key?"
    return f"Delete everything but what is in {bucket}?"


def _destroy(provisioner: Provisioner, delete_data: bool, delete_key: bool) -> None:
    bucket = provisioner.bucket
    # First what could still write data, then the data, then where it lay.
    kept = kept_template(provisioner.lake, with_databases=not delete_data)
    change(provisioner, kept, make=True)
    if delete_data:
        keep = None if delete_key else f"{RESTRICTED}/"
        click.echo(f"Deleted from {bucket.name}: {bucket.empty(keep)} objects and old versions")
    if not bucket.is_empty():
        click.echo(f"Kept {bucket.name}, its KMS key and what it holds")
        return
    key = provisioner.stack.physical_id(DATA_KEY)
    bucket.delete()
    _schedule_deletion(provisioner.clients.kms, key)
    provisioner.stack.delete()
    click.echo(f"Deleted {bucket.name}; its KMS key {key} goes in 30 days")


def _schedule_deletion(kms: Any, key: str | None) -> None:
    """Has the KMS key deleted in 30 days, within which that can be cancelled."""
    state = kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"]
    if state != "PendingDeletion":
        kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=30)


@main.command()
@_network_options
@click.pass_obj
def template(config: Path, vpc_id: str | None, route_table_ids: tuple[str, ...]) -> None:
    """Print the CloudFormation template."""
    with clear_errors():
        provisioner = Provisioner(config)
        network = provisioner.network(vpc_id, route_table_ids)
        click.echo(json.dumps(full_template(provisioner.lake, network), indent=2))


if __name__ == "__main__":
    main()
