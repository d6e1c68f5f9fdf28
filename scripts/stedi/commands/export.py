"""`stedi export`: the curated tables alone, for people who may not read the rest."""

from __future__ import annotations

from pathlib import Path

import click

from stedi.commands.command import AthenaTarget, Command, Target, target_options
from stedi.duckdb_target.compaction import open_database
from stedi.errors import StediError, UsageError

_UNFINISHED = """
    select count(*) from stedi_audit.builds where status = 'begun' and happened_at >
        (select max(happened_at) from stedi_audit.builds where status = 'completed')
"""


@click.command(cls=Command)
@click.option(
    "--to",
    "folder",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder to write: a new one, or an empty one.",
)
@target_options
def main(folder: Path, target: Target) -> None:
    """Export the curated tables, and nothing else, as Parquet files.

    On DuckDB all tables are in one file: who may read the curated ones reads emails too.
    """
    if isinstance(target, AthenaTarget):
        raise UsageError("on Athena, let people assume the analyst role, which reads curated alone")
    target.last_build()  # raises where there is none
    if folder.exists() and any(folder.iterdir()):
        raise UsageError(f"{folder}: not empty; name a new folder")
    with open_database(target.database, read_only=True) as connection:
        if connection.execute(_UNFINISHED).fetchone() != (0,):
            raise StediError(
                f"{target.database}: its last build was not completed, so what it holds is not "
                "tested; run `dbt build`"
            )
        tables = connection.execute(
            "select table_name from information_schema.tables where table_schema = "
            "'stedi_curated' order by 1"
        ).fetchall()
        folder.mkdir(parents=True, exist_ok=True)
        for (table,) in tables:
            path = folder / f"{table}.parquet"
            text = str(path).replace("'", "''")
            connection.execute(f"copy stedi_curated.\"{table}\" to '{text}' (format parquet)")
            click.echo(path)
    click.echo(
        "Copies are beyond the reach of an erasure: delete them, and export again, after one"
    )
