"""`make athena`: the lakehouse on a local Athena, built, and up until it is stopped."""

from __future__ import annotations

import signal
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import click

from local_athena.stopping import Stopped, stoppable
from stedi.commands.text import aligned, section
from support.athena import course, scanned
from support.athena.local import LocalLakehouse
from support.athena.parity import KEY, from_option, land

EXAMPLE = "aws glue get-tables --database-name stedi_curated --query 'TableList[].Name'"


def counts(local: LocalLakehouse) -> Iterator[str]:
    """Rows of what people read."""
    layers = ("trusted", "curated", "audit")
    found = []
    for layer in layers:
        for (table,) in local.trino.query(f"show tables from stedi_{layer}").rows:
            ((rows,),) = local.trino.query(f"select count(*) from stedi_{layer}.{table}").rows
            found.append((f"stedi_{layer}", table, rows))
    yield from section("Rows", found)


def stay(local: LocalLakehouse) -> None:
    """Says how to query it, and waits until a signal raises Stopped."""
    click.echo("\nQuery it from another shell, with boto3 or the AWS command line:")
    for line in local.exports():
        click.echo(f"    {line}")
    click.echo(f"    {EXAMPLE}")
    click.echo("Ctrl-C or SIGTERM stops it and removes all that it holds.")
    while True:
        signal.pause()


@click.command()
@from_option
@click.option("--once", is_flag=True, help="Stop after the summary.")
def main(folder: Path | None, once: bool) -> None:
    """Start a local Athena, build the lakehouse on it, and leave it up until Ctrl-C or SIGTERM."""
    try:
        with stoppable(), LocalLakehouse(KEY, report=click.echo) as local:
            build(local, folder)
            if not once:
                stay(local)
    except Stopped:
        with suppress(OSError):  # the terminal may be gone
            click.echo("Stopped")
    except RuntimeError as error:
        raise click.ClickException(str(error)) from error


def build(local: LocalLakehouse, folder: Path | None) -> None:
    """Lands deliveries, builds them and prints a summary. Raises RuntimeError where it fails."""
    with tempfile.TemporaryDirectory(dir=local.folder) as temporary:
        landing = Path(temporary) / "landing"
        land(folder, landing)
        click.echo("Provisioning the account: stedi aws apply")
        local.land(landing)
        click.echo("Building and testing the tables: dbt build --target athena")
        result = local.dbt("build", show=click.echo)
        if not result.success:
            raise RuntimeError("The build failed; dbt's own message stands above")
        queries = [*local.engine.executions.values()]
        bytes_landed = sum(path.stat().st_size for path in landing.glob("*/landing/*/*"))
    passed = [(len(result.nodes), "models, seeds and tests succeeded")]
    for line in (
        *aligned(passed),
        *counts(local),
        *scanned.of_build(result, queries, bytes_landed),
        *course.report(course.compare(local, queries)),
    ):
        click.echo(line)


if __name__ == "__main__":
    main()
