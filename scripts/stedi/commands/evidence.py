"""`stedi evidence`: the privacy officer's page."""

from __future__ import annotations

from pathlib import Path

import click

from stedi.commands.command import Command, Target, target_options
from stedi.evidence.evidence import Files, gather
from stedi.evidence.figures import as_json
from stedi.evidence.lakehouse import open_lakehouse
from stedi.evidence.page import render
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
    multiple=True,
    show_default="target/tests/run_results.json, target/run_results.json",
    help="Results of dbt's tests, written by `dbt test` and `dbt build`; the latest counts.",
)
@click.option(
    "--people",
    type=click.IntRange(0),
    default=LIMIT,
    show_default=True,
    help="How many people to list.",
)
@click.option(
    "--output",
    type=FILE,
    show_default="target/evidence.html",
    help="Where to write the page; its figures go to a .json beside it.",
)
def main(
    target: Target,
    workgroup: str | None,
    manifest: Path | None,
    dbt_results: tuple[Path, ...],
    people: int,
    output: Path | None,
) -> None:
    """Write the privacy officer's page: what happened to everyone's data, with the proof."""
    artifacts = target.project.target_path
    files = Files(
        project=target.project.folder,
        manifest=manifest or artifacts / "manifest.json",
        dbt_results=dbt_results
        or (artifacts / "run_results.json", artifacts / "tests" / "run_results.json"),
    )
    with open_lakehouse(target, workgroup) as lakehouse:
        evidence = gather(lakehouse, files, people)
    path = output or artifacts / "evidence.html"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(render(evidence), encoding="utf-8")
    path.with_suffix(".json").write_text(as_json(evidence), encoding="utf-8")
    click.echo(f"Evidence: {path} (open it in a browser)")
    click.echo(evidence.verdict)
    for alarm in evidence.alarms:
        click.echo(alarm, err=True)
