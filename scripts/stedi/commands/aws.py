"""`stedi aws`: provision the lakehouse on AWS."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from stedi.commands import tag
from stedi.commands.command import Command, config_option
from stedi.errors import StediError
from stedi.layout import QUERYING_ROLES, RESTRICTED
from stedi.project import Project
from stedi.provisioning.network import Network
from stedi.provisioning.provisioner import Provisioner, _schedule_deletion
from stedi.provisioning.stack import NEVER_MADE
from stedi.provisioning.template import DATA_KEY, full_template, kept_template, tags_of
from stedi.restricted.pseudonym_key import SHORTEST_KEY, new_key, read_key
from stedi.target import CONFIG


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


ACCESS = "see the permissions that provisioning needs in docs/aws.md"


@click.group()
def main() -> None:
    """Provision the lakehouse on AWS: one CloudFormation stack."""


def _provisioner(config: Path | None) -> Provisioner:
    return Provisioner(config or Project.find().folder / CONFIG)


@main.command(cls=Command, access=ACCESS)
@config_option
@_network_options
def plan(config: Path | None, vpc_id: str | None, route_table_ids: tuple[str, ...]) -> None:
    """Show what apply would change, and change nothing."""
    provisioner = _provisioner(config)
    provisioner.check_bucket_name()
    network = provisioner.network(vpc_id, route_table_ids)
    _echo_network(network)
    template = full_template(provisioner.lake, network)
    if not change(provisioner, template, make=False):
        click.echo("Nothing to change.")


@main.command(cls=Command, access=ACCESS)
@config_option
@_network_options
@click.option(
    "--key-file",
    type=click.Path(path_type=Path),
    help="The pseudonym key to put, so that ids equal those made elsewhere.  [default: a new one]",
)
def apply(
    config: Path | None, vpc_id: str | None, route_table_ids: tuple[str, ...], key_file: Path | None
) -> None:
    """Make the lakehouse what the configuration says; a second time changes nothing."""
    key = new_key() if key_file is None else read_key(key_file)
    if key is None or len(key) < SHORTEST_KEY or len(key.split()) > 1:
        raise StediError(f"{key_file}: no key of at least {SHORTEST_KEY} characters, on one line")
    provisioner = _provisioner(config)
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


@main.command(cls=Command, access=ACCESS)
@config_option
@click.option("--delete-data", is_flag=True, help="Delete the data too, all but the pseudonym key.")
@click.option("--delete-key", is_flag=True, help="With --delete-data: the pseudonym key as well.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def destroy(config: Path | None, delete_data: bool, delete_key: bool, yes: bool) -> None:
    """Remove the lakehouse, but keep the bucket as long as it holds anything.

    Roles, workgroups, landing tables and the endpoint go. What is stored stays with what it needs:
    the bucket, its KMS key, and the databases. apply takes it all up again. If it is broken off,
    run it again.
    """
    if delete_key and not delete_data:
        raise click.UsageError("--delete-key only goes with --delete-data")
    provisioner = _provisioner(config)
    status = provisioner.stack.status()
    if status is None:
        click.echo("There is nothing to destroy.")
        return
    what = _what_goes(provisioner.bucket.name, delete_data, delete_key)
    if not yes and not click.confirm(what, err=True):
        raise StediError("nothing was changed")
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


@main.command(cls=Command, access=ACCESS)
@config_option
@_network_options
def template(config: Path | None, vpc_id: str | None, route_table_ids: tuple[str, ...]) -> None:
    """Print the CloudFormation template."""
    provisioner = _provisioner(config)
    network = provisioner.network(vpc_id, route_table_ids)
    click.echo(json.dumps(full_template(provisioner.lake, network), indent=2))


main.add_command(tag.main)
