"""Erase people: every line and row of theirs, and what is left of them in old files.

Emails are read from a file or from stdin, one a line, never from the command line, which other
people on the machine see. docs/privacy.md says what an erasure does, and what it does not.
"""

from __future__ import annotations

import getpass
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import click
import duckdb
from botocore.exceptions import BotoCoreError, ClientError

from duckdb_file import NotCompacted
from erasing.compaction import InUse
from erasing.erasure import IN_ORDER, Erasing, NotErased, Refused
from erasing.lakehouse import AthenaTables, BuildFailed, Dbt, DuckDbTables
from erasing.places import Folder, S3Place
from erasing.survey import Survey
from erasing.texts import email_of
from erasing.vault import LocalStore, S3Store, UnreadableVault, Vault
from landing_files import UnreadableFile
from landing_zones import InvalidRoot, S3Zone, open_zone
from pseudonym_key import UnreadableKey, key_file, read_key
from storage import Bucket, NotDeleted

NO_ACCESS = (
    "take on the privacy-officer role, which may read, rewrite and delete what an erasure has to"
)
WHAT_TO_DO = {
    "AccessDenied": NO_ACCESS,
    "403": NO_ACCESS,
    "NoSuchBucket": "name the lakehouse's bucket with --root",
    "ExpiredToken": "the credentials have expired: renew them",
}
AGAIN = "If it had begun, run it again with the same emails: it goes on from there"


def emails_in(text: str) -> list[str]:
    """The emails of a text, one a line, in normal form, each once. Raises Refused."""
    found: dict[str, None] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        email = email_of(line)
        if email is None:
            raise Refused(f"line {number} is no email; write one email a line")
        found[email] = None
    if not found:
        raise Refused("no emails were given; write one a line to stdin, or to a file for --file")
    return list(found)


def open_lakehouse(root: str, build_profile: str | None) -> Erasing:
    """What an erasure at a landing root works on. Raises InvalidRoot, Refused, UnreadableKey."""
    zone = open_zone(root)
    settings = {"AWS_PROFILE": build_profile} if build_profile else {}
    if isinstance(zone, S3Zone):
        bucket = Bucket(zone.client, zone.bucket)
        place, store = S3Place(bucket), S3Store(bucket)
        tables = AthenaTables(Dbt("athena", settings=settings), place)
    else:
        place, store = Folder(zone.root), LocalStore(key_file().parent)
        database = Path(os.environ.get("STEDI_DUCKDB") or "lakehouse.duckdb")
        if not (key := read_key(key_file())):
            raise Refused(
                f"{key_file()}: there is no pseudonym key, so that a person's customer_id is not "
                "known; restore it"
            )
        tables = DuckDbTables(Dbt("duckdb", settings=settings), database.resolve(), key)
    return Erasing(place, zone, tables, Vault(store), lambda text: click.echo(text, err=True))


def operator(root: str) -> str:
    """Who runs this: the caller's ARN, or the user of this machine."""
    if root.startswith("s3://"):
        import boto3

        return boto3.client("sts").get_caller_identity()["Arn"]
    return getpass.getuser()


def told(found: Survey, erasing: Erasing) -> Iterator[str]:
    """What would go, in counts."""
    counts = erasing.count(found)
    for entity in IN_ORDER:
        yield f"{entity}: {counts.lines[entity]:,} lines in {counts.files[entity]:,} files would go"


def warnings(found: Survey, erasing: Erasing) -> Iterator[str]:
    """What an operator has to know before or after."""
    if found.shared:
        yield (
            f"{len(found.shared)} of their devices were claimed by another person too: the "
            "readings of those stay, as they may be that person's"
        )
    if found.others:
        yield (
            f"{len(found.others)} of their names and phones are in other people's records too, so "
            "they are not searched for"
        )
    if others := erasing.vault.others_begun(found.emails):
        yield f"{others} other erasures have begun and not ended: run them again with their emails"


@contextmanager
def clear_errors(root: str) -> Iterator[None]:
    """Turns what can go wrong into one sentence that says what to do."""
    try:
        yield
    except ClientError as error:
        code = error.response["Error"]["Code"]
        what = WHAT_TO_DO.get(code, "see the code's meaning in the S3 documentation")
        raise click.ClickException(
            f"{root}: {error.operation_name}: {code}: {what}. {AGAIN}"
        ) from error
    except (Refused, NotErased, BuildFailed, InvalidRoot) as error:
        raise click.ClickException(str(error)) from error
    except (
        NotDeleted,
        BotoCoreError,
        InUse,
        NotCompacted,
        UnreadableFile,
        UnreadableKey,
        UnreadableVault,
        duckdb.Error,
    ) as error:
        raise click.ClickException(f"{error}. {AGAIN}") from error
    except OSError as error:
        where = f"{error.filename}: {error.strerror}" if error.strerror else str(error)
        what = f"It must be possible to write there. {AGAIN}"
        raise click.ClickException(f"{where}. {what}") from error


@click.command(help=__doc__)
@click.option(
    "--file", "source", type=click.File(encoding="utf-8"), help="Emails.  [default: stdin]"
)
@click.option(
    "--root",
    envvar="STEDI_LANDING",
    default="landing",
    show_default="$STEDI_LANDING or landing",
    help="Landing root: a folder, or s3://BUCKET; its tables are DuckDB's or Athena's.",
)
@click.option("--build-profile", help="AWS_PROFILE for dbt, where the operator's may not build.")
@click.option("--dry-run", is_flag=True, help="Tell what would go, in counts, and change nothing.")
@click.option("--reinstate", is_flag=True, help="Let erased people come back instead.")
def main(
    source: TextIO | None, root: str, build_profile: str | None, dry_run: bool, reinstate: bool
) -> None:
    with clear_errors(root):
        emails = emails_in((source or click.get_text_stream("stdin", "utf-8")).read())
        erasing = open_lakehouse(root, build_profile)
        if reinstate:
            _reinstate(erasing, emails, dry_run)
            return
        found = erasing.look(emails)
        for line in warnings(found, erasing):
            click.echo(line)
        if dry_run:
            for line in told(found, erasing):
                click.echo(line)
            return
        erasing.tables.check()
        erasing.place.check()
        receipt, key = erasing.erase(emails, found, operator(root))
        click.echo(json.dumps(receipt, indent=2))
        click.echo(
            f"Key of the receipt's ids, which is kept nowhere; give it to the requester: {key}"
        )


def _reinstate(erasing: Erasing, emails: list[str], dry_run: bool) -> None:
    erased = {*erasing.vault.erasures()}
    known = [email for email in emails if erasing.vault.erasure_of(email) in erased]
    click.echo(f"{len(known)} of {len(emails)} people were erased, and may come back")
    if known and not dry_run:
        erasing.tables.check()
        erasing.reinstate(known)


if __name__ == "__main__":
    main()
