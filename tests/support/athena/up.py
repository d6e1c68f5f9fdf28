"""A local Athena to try: provisioned, landed, built, and up until it is stopped."""

from __future__ import annotations

import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import click

from local_athena import scanned, trino
from stedi.commands.text import aligned, section
from support.athena import course
from support.athena.local import AthenaLocal, running
from support.athena.parity import KEY, from_option, land

# boto3 reads the second of the regions alone, other SDKs the first.
EXPORTED = (
    *("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
    *("AWS_REGION", "AWS_DEFAULT_REGION"),
)
EXAMPLE = "aws glue get-tables --database-name stedi_curated --query 'TableList[].Name'"


def counts(local: AthenaLocal) -> Iterator[str]:
    """Rows of what people read."""
    layers = ("trusted", "curated", "audit")
    found = []
    for layer in layers:
        for (table,) in local.trino.query(f"show tables from stedi_{layer}").rows:
            ((rows,),) = local.trino.query(f"select count(*) from stedi_{layer}.{table}").rows
            found.append((f"stedi_{layer}", table, rows))
    yield from section("Rows", found)


def stay(local: AthenaLocal) -> None:
    """Says how to ask, and returns at Ctrl-C."""
    click.echo("\nAsk it from another shell, with boto3 or the AWS command line:")
    for name in EXPORTED:
        click.echo(f"    export {name}={local.environment[name]}")
    click.echo(f"    {EXAMPLE}")
    click.echo("Ctrl-C stops it, and nothing of it stays.")
    try:
        signal.pause()
    except KeyboardInterrupt:
        click.echo("Stopped.")


@click.command()
@from_option
@click.option("--once", is_flag=True, help="Stop after the summary.")
def main(folder: Path | None, once: bool) -> None:
    """Start a local Athena, build the lakehouse on it, and leave it up until Ctrl-C."""
    click.echo("Starting a local Athena; the first time, Trino is fetched (1 GB)")
    if reason := trino.missing():
        raise click.ClickException(reason)
    with tempfile.TemporaryDirectory() as temporary, running(KEY) as local:
        landing = Path(temporary) / "landing"
        land(folder, landing)
        local.land(landing)
        click.echo("Provisioned and landed; dbt build --target athena")
        result = local.dbt("build")
        if not result.success:
            raise click.ClickException(result.output)
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
        if not once:
            stay(local)


if __name__ == "__main__":
    main()
