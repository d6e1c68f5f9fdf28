"""Tell what the last build made: rows by layer, what was withheld and rejected, where to look."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import click
import duckdb

LAYERS = ("staging", "trusted", "curated", "audit")
DOCS = Path("target/static_index.html")

Rows = list[tuple]


def aligned(rows: Rows) -> Iterator[str]:
    """Rows as lines: texts to the left, numbers with thousands to the right, columns aligned."""
    cells = [[f"{v:,}" if isinstance(v, int) else str(v) for v in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells)]
    for row, texts in zip(rows, cells):
        padded = (
            text.rjust(width) if isinstance(value, int) else text.ljust(width)
            for value, text, width in zip(row, texts, widths)
        )
        yield "  ".join(padded).rstrip()


def section(title: str, rows: Rows) -> Iterator[str]:
    """A title, and the rows under it; where there are none it says so."""
    yield ""
    yield title if rows else f"{title}: none"
    yield from (f"  {line}" for line in aligned(rows))


def landed(connection: duckdb.DuckDBPyConnection) -> Rows:
    """source, lines landed, accepted, duplicate, rejected."""
    return connection.execute("""
        select source, 'landed', sum(landed)::bigint, 'accepted', sum(accepted)::bigint,
            'duplicate', sum(duplicate)::bigint, 'rejected', sum(rejected)::bigint
        from stedi_audit.landing_reconciliation
        group by source order by source
    """).fetchall()


def rows_by_layer(connection: duckdb.DuckDBPyConnection) -> Rows:
    """layer (named once), table, rows."""
    tables = connection.execute(
        "select table_schema, table_name from information_schema.tables order by table_name"
    ).fetchall()
    found: Rows = []
    for layer in LAYERS:
        for schema, table in tables:
            if schema == f"stedi_{layer}":
                count = connection.execute(f"select count(*) from {schema}.{table}").fetchone()[0]
                found.append((layer, table, count))
    return [
        (layer if number == 0 else "", table, rows)
        for layer, group in groupby(found, key=lambda row: row[0])
        for number, (_, table, rows) in enumerate(group)
    ]


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


@click.command()
@click.option(
    "--database",
    type=click.Path(dir_okay=False, path_type=Path),
    envvar="STEDI_DUCKDB",
    default="lakehouse.duckdb",
    help="The DuckDB file.",
)
def main(database: Path) -> None:
    """Print what the last build on DuckDB made."""
    if not database.exists():
        raise click.ClickException(f"{database}: no such database; `dbt build` makes it")
    with duckdb.connect(database, read_only=True) as connection:
        try:
            for line in summary(connection):
                click.echo(line)
        except duckdb.CatalogException as error:
            raise click.ClickException(f"{database}: not built whole; run `dbt build`") from error
    click.echo(f"\nTables  {database}  (duckdb.connect, or any DuckDB client)")
    if DOCS.exists():
        click.echo(f"Docs    {DOCS}  (open it in a browser)")


if __name__ == "__main__":
    main()
