"""`stedi key`: make or rotate the pseudonym key."""

from __future__ import annotations

import click

from stedi.commands.command import AthenaTarget, Command, Target, target_options
from stedi.errors import UsageError
from stedi.maintenance.rotation import AGAIN, rotate
from stedi.restricted.pseudonym_key import make_key


@click.group()
def main() -> None:
    """Make or rotate the pseudonym key, from which every customer_id is made."""


@main.command("make", cls=Command)
@target_options
def make(target: Target) -> None:
    """Make the pseudonym key, once. An existing key is never overwritten or shown."""
    if isinstance(target, AthenaTarget):
        raise UsageError("on AWS, `stedi aws apply` makes the key")
    made = make_key(target.key_file)
    click.echo(f"{target.key_file}: {'made' if made else 'exists, left alone'}")


@main.command("rotate", cls=Command, retry=AGAIN)
@target_options
@click.option("--dry-run", is_flag=True, help="Report how far a rotation has come; change nothing.")
@click.option(
    "--vars", "variables", help="The --vars of the rebuild.  [default: those of the last build]"
)
@click.option("--dbt-profile", help="AWS_PROFILE for dbt, which has a role of its own.")
def rotate_(target: Target, dry_run: bool, variables: str | None, dbt_profile: str | None) -> None:
    """Replace the pseudonym key: every customer_id changes, and no file keeps an old one.

    Makes a new key, rebuilds every table under it, maintains the tables, searches all files for old
    ids, and destroys the old key. If it breaks off, run it again: it resumes. Until it has
    finished, nightly builds are refused, because their key is not that of the tables.
    """
    rotate(target, click.echo, dry_run=dry_run, variables=variables, aws_profile=dbt_profile)
