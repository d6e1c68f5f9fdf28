"""Write the privacy officer's page: what became of everybody's data, and how that is known."""

from __future__ import annotations

from pathlib import Path

import click
import duckdb

from pseudonym_key import key_file
from reporting.laws import NoLaws
from reporting.page import NeverBuilt, Places, gather, page
from reporting.people import LIMIT

RAN = ("target/tests.xml", "target/deep-tests.xml")
FILE = click.Path(dir_okay=False, path_type=Path)


@click.command(help=__doc__, context_settings={"show_default": True})
@click.option(
    "--database", type=FILE, envvar="STEDI_DUCKDB", default="lakehouse.duckdb",
    help="The DuckDB file; of tables on Athena there is no page.",
)
@click.option(
    "--landing", type=click.Path(file_okay=False, path_type=Path), envvar="STEDI_LANDING",
    default="landing", help="The landing root.",
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
    database: Path, landing: Path, manifest: Path, dbt_results: Path,
    pytest_results: tuple[Path, ...], people: int, output: Path,
) -> None:  # fmt: skip
    if not database.exists():
        raise click.ClickException(f"{database}: no such database; `dbt build` makes it")
    places = Places(database, landing, manifest, dbt_results, pytest_results, key_file().parent)
    try:
        with duckdb.connect(database, read_only=True) as connection:
            evidence = gather(lambda sql: connection.execute(sql).fetchall(), places, people)
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(page(evidence), encoding="utf-8")
    except duckdb.CatalogException as error:
        raise click.ClickException(f"{database}: not built whole; run `dbt build`") from error
    except duckdb.IOException as error:
        raise click.ClickException(f"{database}: {_why(error)}") from error
    except NeverBuilt as error:
        raise click.ClickException(f"{database}: {error}") from error
    except NoLaws as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        raise click.ClickException(f"{error.filename}: {error.strerror}") from error
    click.echo(f"Evidence: {output}  (open it in a browser)")
    for law in evidence.unproven:
        click.echo(f"Law {law.number}, {law.name}: {law.state}", err=True)


def _why(error: duckdb.IOException) -> str:
    if "lock" in str(error):
        return "another process has it open, a build or a client: wait for it, or close it"
    return "no database of DuckDB; `dbt build` makes one where there is none"


if __name__ == "__main__":
    main()
