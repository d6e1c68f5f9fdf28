"""`stedi summary`: what the last build on DuckDB produced."""

from __future__ import annotations

from collections.abc import Iterator

import click
import duckdb

from stedi.commands.command import AthenaTarget, Command, Target, target_options
from stedi.commands.text import Rows, section
from stedi.duckdb_target.compaction import open_database
from stedi.errors import StediError, UsageError
from stedi.layout import BUILT_LAYERS


def landed(connection: duckdb.DuckDBPyConnection) -> Rows:
    """source, lines landed, accepted, duplicate, rejected."""
    return connection.execute("""
        select source, 'landed', sum(landed)::bigint, 'accepted', sum(accepted)::bigint,
            'duplicate', sum(duplicate)::bigint, 'rejected', sum(rejected)::bigint
        from stedi_audit.landing_reconciliation
        group by source order by source
    """).fetchall()


def rows_by_layer(connection: duckdb.DuckDBPyConnection) -> Rows:
    """layer (in its first row only), table, rows."""
    found: list[tuple[str, str, int]] = []
    for layer in BUILT_LAYERS:
        tables = connection.execute(
            "select table_name from information_schema.tables where table_schema = ? order by 1",
            [f"stedi_{layer}"],
        ).fetchall()
        for number, (table,) in enumerate(tables):
            [(rows,)] = connection.execute(f"select count(*) from stedi_{layer}.{table}").fetchall()
            found.append(("" if number else layer, table, rows))
    return found


def withheld(connection: duckdb.DuckDBPyConnection) -> Rows:
    """source, reason, readings, meaning."""
    return connection.execute("""
        select funnel.source, funnel.reason, funnel.readings, reasons.meaning
        from stedi_audit.consent_funnel as funnel
        inner join stedi_audit.withholding_reasons as reasons on funnel.reason = reasons.code
        order by funnel.source, funnel.readings desc
    """).fetchall()


def rejected(connection: duckdb.DuckDBPyConnection) -> Rows:
    """source, reason, lines."""
    return connection.execute("""
        select source, reason, count(*) from stedi_staging.rejected_lines
        group by source, reason order by source, count(*) desc, reason
    """).fetchall()


def summary(connection: duckdb.DuckDBPyConnection) -> Iterator[str]:
    """The summary, line by line."""
    yield from section("Lines landed", landed(connection))
    yield from section("Rows by layer", rows_by_layer(connection))
    yield from section("Readings withheld", withheld(connection))
    yield from section("Lines rejected, kept in stedi_staging.rejected_lines", rejected(connection))


@click.command(cls=Command)
@target_options
def main(target: Target) -> None:
    """Summarize what the last build on DuckDB produced, layer by layer."""
    if isinstance(target, AthenaTarget):
        raise UsageError("the summary is of a DuckDB file; on Athena, run `stedi evidence`")
    database = target.database
    if not database.exists():
        raise UsageError(f"{database}: no such database; `dbt build` creates it")
    with open_database(database, read_only=True) as connection:
        try:
            for line in summary(connection):
                click.echo(line)
        except duckdb.CatalogException as error:
            raise StediError(f"{database}: its build is not complete; run `dbt build`") from error
    click.echo(f"\nTables  {database}  (duckdb.connect, or any DuckDB client)")
    docs = target.project.target_path / "static_index.html"
    if docs.exists():
        click.echo(f"Docs    {docs}  (open it in a browser)")
