"""Write the privacy officer's page: what became of everybody's data, and how that is known."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path

import click

from landing_zones import InvalidRoot, S3Zone, open_zone
from pseudonym_key import key_file
from reporting.lakehouses import Lakehouse, NotAsked, on_athena, on_duckdb
from reporting.laws import NoLaws
from reporting.page import NeverBuilt, Places, gather, page
from reporting.people import LIMIT

RAN = ("target/tests.xml", "target/deep-tests.xml")
FILE = click.Path(dir_okay=False, path_type=Path)


@click.command(help=__doc__, context_settings={"show_default": True})
@click.option(
    "--database", type=FILE, envvar="STEDI_DUCKDB", default="lakehouse.duckdb",
    help="The DuckDB file, where the landing root is a folder.",
)
@click.option(
    "--root", envvar="STEDI_LANDING", default="landing",
    show_default="$STEDI_LANDING or landing",
    help="Landing root: a folder, or s3://BUCKET; its tables are DuckDB's or Athena's.",
)
@click.option(
    "--workgroup", default="stedi-privacy-officer", help="That Athena is asked in.",
)
@click.option(
    "--manifest", type=FILE, default="target/manifest.json",
    help="With compiled SQL; `dbt docs generate` writes it.",
)
@click.option(
    "--dbt-results", type=FILE, default="target/tests/run_results.json",
    help="`dbt test` writes it.",
)
@click.option(
    "--pytest-results", type=FILE, multiple=True, default=RAN,
    help="`make test` and `make test-deep` write them.",
)
@click.option("--people", type=click.IntRange(0), default=LIMIT, help="How many are listed.")
@click.option("--output", type=FILE, default="target/evidence.html", help="The page.")
def main(
    database: Path, root: str, workgroup: str, manifest: Path, dbt_results: Path,
    pytest_results: tuple[Path, ...], people: int, output: Path,
) -> None:  # fmt: skip
    places = Places(manifest, dbt_results, pytest_results)
    try:
        with open_lakehouse(root, database, workgroup) as lakehouse:
            evidence = gather(lakehouse, places, people)
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(page(evidence), encoding="utf-8")
    except (InvalidRoot, NeverBuilt, NoLaws, NotAsked) as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        raise click.ClickException(f"{error.filename}: {error.strerror}") from error
    click.echo(f"Evidence: {output}  (open it in a browser)")
    for law in evidence.unproven:
        click.echo(f"Law {law.number}, {law.name}: {law.state}", err=True)


def open_lakehouse(
    root: str, database: Path, workgroup: str
) -> AbstractContextManager[Lakehouse]:
    """The lakehouse of a landing root. Raises InvalidRoot."""
    zone = open_zone(root)
    if isinstance(zone, S3Zone):
        return on_athena(zone.bucket, workgroup)
    return on_duckdb(database, zone.root, key_file().parent)


if __name__ == "__main__":
    main()
