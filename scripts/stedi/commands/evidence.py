"""`stedi evidence`: the privacy officer's page."""

from __future__ import annotations

from pathlib import Path

import click

from stedi.commands.command import Command, Target, target_options
from stedi.evidence.lakehouse import open_lakehouse
from stedi.evidence.page import Files, gather, render
from stedi.evidence.people import LIMIT

ACCESS = "assume the privacy-officer role"
FILE = click.Path(dir_okay=False, path_type=Path)


@click.command(cls=Command, access=ACCESS)
@target_options
@click.option(
    "--workgroup",
    help="Athena workgroup for the page's queries.  [default: the privacy officer's]",
)
@click.option(
    "--manifest",
    type=FILE,
    show_default="target/manifest.json",
    help="dbt's manifest with compiled SQL, written by `dbt docs generate`.",
)
@click.option(
    "--dbt-results",
    type=FILE,
    show_default="target/tests/run_results.json",
    help="Results of dbt's tests, written by `dbt test --target-path target/tests`.",
)
@click.option(
    "--pytest-results",
    type=FILE,
    multiple=True,
    show_default="target/tests.xml, target/deep-tests.xml",
    help="Results of `make test` and `make test-deep`; repeatable.",
)
@click.option(
    "--people",
    type=click.IntRange(0),
    default=LIMIT,
    show_default=True,
    help="How many people to list.",
)
@click.option(
    "--output", type=FILE, show_default="target/evidence.html", help="Where to write the page."
)
def main(
    target: Target,
    workgroup: str | None,
    manifest: Path | None,
    dbt_results: Path | None,
    pytest_results: tuple[Path, ...],
    people: int,
    output: Path | None,
) -> None:
    """Write the privacy officer's page: what happened to everyone's data, with the proof."""
    artifacts, docs = target.project.target_path, target.project.folder / "docs"
    files = Files(
        laws=docs / "laws.yml",
        manifest=manifest or artifacts / "manifest.json",
        dbt_results=dbt_results or artifacts / "tests" / "run_results.json",
        pytest_results=pytest_results or (artifacts / "tests.xml", artifacts / "deep-tests.xml"),
        nights=docs / "nightly.json",
    )
    with open_lakehouse(target, workgroup) as lakehouse:
        evidence = gather(lakehouse, files, people)
    path = output or artifacts / "evidence.html"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(render(evidence), encoding="utf-8")
    click.echo(f"Evidence: {path} (open it in a browser)")
    for broken in evidence.erasures.broken:
        click.secho(f"The chain of receipts is broken: {broken}", fg="red", err=True)
    for law in evidence.unproven:
        click.echo(f"Law {law.number}, {law.name}: {law.state}", err=True)
