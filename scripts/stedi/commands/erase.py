"""`stedi erase`: erase people, or let them come back."""

from __future__ import annotations

import json
from typing import Any, BinaryIO

import click

from stedi.commands.command import Command, Target, target_options
from stedi.erasure.emails import emails_in
from stedi.erasure.erasure import Erasure, dry_run_report, warnings
from stedi.erasure.open import operator, prepare_erasure

ACCESS = "assume the privacy-officer role, which may read, rewrite and delete what an erasure must"
RETRY = "If the erasure had begun, run it again with the same emails: it resumes"


@click.command(cls=Command, access=ACCESS, retry=RETRY)
@target_options
@click.option(
    "--file",
    "source",
    type=click.File("rb"),
    help="Emails, one a line.  [default: stdin]",
)
@click.option("--build-profile", help="AWS_PROFILE for dbt, where the operator's may not build.")
@click.option(
    "--dry-run", is_flag=True, help="Report what would be removed, in counts; change nothing."
)
@click.option("--reinstate", is_flag=True, help="Let erased people come back instead.")
def main(
    target: Target,
    source: BinaryIO | None,
    build_profile: str | None,
    dry_run: bool,
    reinstate: bool,
) -> None:
    """Erase people: all their lines and rows, and what old files still hold of them.

    Emails are read from a file or from stdin, one a line, never from the command line, which other
    people on the machine can see. docs/how-to/erase-people.md explains what an erasure does.
    """
    source = source or click.get_binary_stream("stdin")
    if source.isatty():
        click.echo("Type the emails, one a line, then Ctrl-D:", err=True)
    emails = emails_in(source.read())
    erasure = prepare_erasure(target, build_profile, lambda text: click.echo(text, err=True))
    if reinstate:
        _reinstate(erasure, emails, target, dry_run)
        return
    subjects = erasure.find(emails)
    for line in warnings(erasure, subjects):
        click.echo(line)
    if dry_run:
        for line in dry_run_report(erasure, subjects):
            click.echo(line)
        return
    erasure.tables.check()
    erasure.landing.check()
    receipt, key = erasure.erase(emails, subjects, operator(target))
    _tell(receipt, key)


def _tell(receipt: dict[str, Any], key: str) -> None:
    click.echo(json.dumps(receipt, indent=2))
    click.echo(f"Key of the receipt's ids, stored nowhere; give it to the requester: {key}")


def _reinstate(erasure: Erasure, emails: list[str], target: Target, dry_run: bool) -> None:
    erased = set(erasure.register.erasures())
    known = [email for email in emails if erasure.register.erasure_of(email) in erased]
    click.echo(f"{len(known)} of {len(emails)} people were erased, and may come back")
    if known and not dry_run:
        erasure.tables.check()
        _tell(*erasure.reinstate(known, operator(target)))
