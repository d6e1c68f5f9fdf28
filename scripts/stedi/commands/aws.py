"""`stedi aws`: provision the lakehouse on AWS."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from stedi.aws.config import load_config
from stedi.commands import tag
from stedi.commands.command import Command, config_option
from stedi.errors import StediError, UsageError
from stedi.layout import QUERYING_ROLES, RESTRICTED
from stedi.project import Project
from stedi.provisioning.network import Network
from stedi.provisioning.provisioner import Provisioner
from stedi.provisioning.stack import UNUSABLE
from stedi.provisioning.template import full_template, kept_template, tags_of
from stedi.restricted.pseudonym_key import SHORTEST_KEY, new_key, read_key
from stedi.target import CONFIG

ACCESS = "see the permissions that provisioning needs in docs/aws.md"


@click.group()
def main() -> None:
    """Provision the lakehouse on AWS: one CloudFormation stack."""


main.add_command(tag.main)


def _network_options(command: Callable[..., Any]) -> Callable[..., Any]:
    vpc = click.option(
        "--vpc-id",
        metavar="ID",
        help="VPC that gets the S3 endpoint.  [default: the configured VPC, or the default VPC]",
    )
    tables = click.option(
        "--route-table-id",
        "route_table_ids",
        metavar="ID",
        multiple=True,
        help="Route table for the endpoint; repeatable.  [default: the configured ones, or all]",
    )
    return vpc(tables(command))


@main.command(cls=Command, access=ACCESS)
@config_option
@_network_options
def plan(config: Path | None, vpc_id: str | None, route_table_ids: tuple[str, ...]) -> None:
    """Show what apply would change, and change nothing."""
    provisioner = _provisioner(config)
    if not _change(provisioner, _template(provisioner, vpc_id, route_table_ids), dry_run=True):
        click.echo("Nothing to change.")


@main.command(cls=Command, access=ACCESS)
@config_option
@_network_options
@click.option(
    "--key-file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Pseudonym key to store, so that ids equal those made with it.  [default: a new key]",
)
def apply(
    config: Path | None, vpc_id: str | None, route_table_ids: tuple[str, ...], key_file: Path | None
) -> None:
    """Create or update the lakehouse to match the configuration.

    Running it again changes nothing.
    """
    key = new_key() if key_file is None else read_key(key_file)
    if key is None or len(key) < SHORTEST_KEY or len(key.split()) > 1:
        raise UsageError(
            f"{key_file}: not a pseudonym key; expected at least {SHORTEST_KEY} characters on one "
            "line (`stedi key make` makes one)"
        )
    provisioner = _provisioner(config)
    if not _change(provisioner, _template(provisioner, vpc_id, route_table_ids)):
        click.echo("Nothing to change.")
    is_new = provisioner.put_pseudonym_key(key)
    click.echo(
        f"Pseudonym key in {provisioner.lake.address(RESTRICTED)}: "
        f"{'stored' if is_new else 'exists already, not changed'}"
    )
    for role in QUERYING_ROLES:
        workgroup = provisioner.lake.workgroup(role)
        click.echo(f"Role {provisioner.lake.role_arn(role)}, workgroup {workgroup}")


@main.command(cls=Command, access=ACCESS)
@config_option
@click.option("--delete-data", is_flag=True, help="Delete all data but the pseudonym key, too.")
@click.option("--delete-key", is_flag=True, help="With --delete-data: the pseudonym key as well.")
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
def destroy(config: Path | None, delete_data: bool, delete_key: bool, yes: bool) -> None:
    """Remove the lakehouse, but keep its data.

    Roles, workgroups, landing tables and the endpoint are deleted. The bucket stays as long as it
    holds anything, with its KMS key and the databases; apply takes them over again. If destroy is
    interrupted, run it again.
    """
    if delete_key and not delete_data:
        raise UsageError("--delete-key also needs --delete-data")
    provisioner = _provisioner(config)
    stack, bucket = provisioner.stack, provisioner.bucket
    status = stack.status()
    if status is None:
        click.echo("There is nothing to destroy.")
        return
    if not yes and not click.confirm(_question(bucket.name, delete_data, delete_key), err=True):
        raise StediError("nothing was changed")
    if status in UNUSABLE:
        stack.delete()
        click.echo(f"Deleted the stack {stack.name}.")
        return
    # First whatever could still write data, then the data, then the place it was stored in.
    kept = kept_template(provisioner.lake, with_databases=not delete_data)
    _change(provisioner, kept)
    if delete_data:
        keep = None if delete_key else f"{RESTRICTED}/"
        click.echo(f"Deleted {bucket.empty(keep)} objects and old versions from {bucket.name}.")
    if not bucket.is_empty():
        click.echo(f"Kept {bucket.name} with its data and its KMS key.")
        return
    key = provisioner.delete_all()
    click.echo(f"Deleted {bucket.name}. AWS deletes its KMS key {key} in 30 days.")


@main.command(cls=Command, access=ACCESS)
@config_option
@_network_options
def template(config: Path | None, vpc_id: str | None, route_table_ids: tuple[str, ...]) -> None:
    """Print the CloudFormation template."""
    provisioner = _provisioner(config)
    network = provisioner.network(vpc_id, route_table_ids)
    click.echo(json.dumps(full_template(provisioner.lake, network), indent=2))


def _provisioner(config: Path | None) -> Provisioner:
    return Provisioner(load_config(config or Project.find().folder / CONFIG))


def _template(
    provisioner: Provisioner, vpc_id: str | None, route_table_ids: tuple[str, ...]
) -> dict[str, Any]:
    """The template of the whole lakehouse, once its bucket's name and its network are checked."""
    provisioner.check_bucket_name()
    network = provisioner.network(vpc_id, route_table_ids)
    _echo_network(network)
    return full_template(provisioner.lake, network)


def _change(provisioner: Provisioner, template: dict[str, Any], dry_run: bool = False) -> bool:
    """Prints what the template changes, and changes it unless dry_run; False if nothing changes."""
    stack = provisioner.stack
    change_set = stack.plan(template, tags_of(provisioner.lake))
    for change in change_set.changes:
        click.echo(str(change))
    if change_set.changes and not dry_run:
        stack.execute(change_set)
    else:
        stack.discard(change_set.arn)
    return bool(change_set.changes)


def _echo_network(network: Network) -> None:
    endpoint = network.existing_endpoint
    if endpoint is None:
        return
    click.echo(f"Using the S3 endpoint {endpoint} that {network.vpc_id} has already.")
    if network.unserved:
        click.echo(
            f"It does not serve {', '.join(network.unserved)}; to change that, run "
            f"`aws ec2 modify-vpc-endpoint --vpc-endpoint-id {endpoint} "
            f"--add-route-table-ids {' '.join(network.unserved)}`."
        )


def _question(bucket: str, delete_data: bool, delete_key: bool) -> str:
    if delete_key:
        return f"Delete everything, including all data in {bucket} and the pseudonym key?"
    if delete_data:
        return f"Delete everything, including all data in {bucket} but not the pseudonym key?"
    return f"Delete everything but the data in {bucket}?"
