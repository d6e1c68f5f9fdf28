"""`stedi aws tag-columns`: column tags in Lake Formation."""

from __future__ import annotations

import json
from pathlib import Path

import click

from stedi.aws.clients import Clients
from stedi.aws.config import load_config
from stedi.aws.names import Lakehouse
from stedi.commands.command import Command, config_option
from stedi.errors import StediError, UsageError
from stedi.lineage.levels import DescribedTable, described_tables
from stedi.project import Project
from stedi.provisioning.column_tags import create_tags, grants, put_grant, put_tag, taggings
from stedi.target import CONFIG


@click.command("tag-columns", cls=Command)
@config_option
@click.option(
    "--manifest",
    type=click.Path(path_type=Path, dir_okay=False),
    show_default="target/manifest.json",
    help="dbt's manifest, which describes the tables.",
)
@click.option("--dry-run", is_flag=True, help="Print the tags and grants, and change nothing.")
def main(config: Path | None, manifest: Path | None, dry_run: bool) -> None:
    """Tag columns in Lake Formation by sensitivity.

    The tags say how much a column reveals about a person; they are the `meta: {pii: ...}` of the
    models' YAML. The analyst is granted the columns that identify nobody directly. A column without
    a tag is granted to nobody, so new columns stay closed until this runs again.
    """
    project = Project.find()
    settings = load_config(config or project.folder / CONFIG)
    tables = _read_tables(manifest or project.target_path / "manifest.json")
    clients = Clients(settings.region)
    lake = Lakehouse(settings, clients.account, clients.partition)
    if not dry_run:
        create_tags(clients.lakeformation)
    for tagging in taggings(lake, tables):
        if not dry_run:
            put_tag(clients.lakeformation, tagging)
        click.echo(f"{tagging.key} = {tagging.value:<8} {tagging.name}")
    for grant in grants(lake):
        if not dry_run:
            put_grant(clients.lakeformation, grant)
        tags = " and ".join(f"{key} in ({', '.join(values)})" for key, values in grant.tags.items())
        permissions = ", ".join(grant.permissions)
        click.echo(f"{grant.role_arn}: {permissions} on every {grant.kind.lower()} with {tags}")


def _read_tables(path: Path) -> list[DescribedTable]:
    """The tables that a manifest describes. Raises StediError."""
    try:
        return described_tables(json.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise UsageError(
            f"{path}: {error.strerror}; run `dbt build --target athena`, which writes it, or name "
            "another with --manifest"
        ) from error
    except StediError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(f"{path}: not a manifest of dbt; run `dbt parse` to rewrite it") from error
