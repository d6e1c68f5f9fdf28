"""`stedi aws tag-columns`: column tags in Lake Formation."""

from __future__ import annotations

import json
from pathlib import Path

import click

from stedi.aws.clients import Clients
from stedi.aws.config import load_config
from stedi.aws.names import Lakehouse
from stedi.commands.command import Command, config_option
from stedi.lineage.levels import DescribedTable, UnknownLevel, described_tables
from stedi.project import Project
from stedi.provisioning.column_tags import (
    LakeFormationProblem,
    grant,
    grants,
    make_tags,
    put_tag,
    taggings,
)
from stedi.target import CONFIG


def read_tables(path: Path) -> list[DescribedTable]:
    """The tables of a manifest. Raises LakeFormationProblem and UnknownLevel."""
    try:
        return described_tables(json.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise LakeFormationProblem(
            f"{path}: {error.strerror}; `dbt build --target athena` writes it, or name another "
            "with --manifest"
        ) from error
    except UnknownLevel:
        raise
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise LakeFormationProblem(f"{path}: not dbt's manifest; have dbt write it anew") from error


@click.command("tag-columns", cls=Command)
@config_option
@click.option(
    "--manifest",
    type=click.Path(path_type=Path, dir_okay=False),
    show_default="target/manifest.json",
    help="dbt's manifest, which describes the tables.",
)
@click.option("--dry-run", is_flag=True, help="Report what would be tagged and granted.")
def main(config: Path | None, manifest: Path | None, dry_run: bool) -> None:
    """Tag columns in Lake Formation by what they tell of a person, and grant the analyst the rest.

    The tags are the `meta: {pii: ...}` of the models' YAML. A column without a tag is granted to
    nobody, so a new column stays closed until this has run again.
    """
    project = Project.find()
    settings = load_config(config or project.folder / CONFIG)
    clients = Clients(settings.region)
    lake = Lakehouse(settings, clients.account, clients.partition)
    tables = read_tables(manifest or project.target_path / "manifest.json")
    if not dry_run:
        make_tags(clients.lakeformation)
    for tagging in taggings(lake, tables):
        if not dry_run:
            put_tag(clients.lakeformation, tagging)
        click.echo(f"{tagging.key} = {tagging.value:<8} {tagging.name}")
    for what in grants(lake):
        if not dry_run:
            grant(clients.lakeformation, what)
        fits = " and ".join(
            f"{key} in ({', '.join(values)})" for key, values in what.expression.items()
        )
        allowed = ", ".join(what.permissions)
        click.echo(f"{what.role_arn}: {allowed} on each {what.kind.lower()} of {fits}")
