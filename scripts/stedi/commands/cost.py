"""`stedi cost`: what the last run scanned, and what it cost."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from stedi.commands.command import Command, DuckDbTarget, Target, target_options
from stedi.commands.text import section
from stedi.cost.budget import LEAST_DAY, Judged, judged, stated
from stedi.cost.scans import (
    USD_PER_TB,
    Scan,
    by_node,
    by_part,
    first_new_day,
    landed_since,
    queries_since,
)
from stedi.errors import StediError, UsageError


def report(parts: Mapping[str, Scan], budgets: Mapping[str, float], landed: int) -> Iterator[str]:
    """A line for each part of the build, with its multiple of the bytes that it found `landed`.

    landed: 0 where it made every table anew, or found none.
    """
    scanned = {name: scan.scanned for name, scan in parts.items()}
    beside = {one.name: _beside(one) for one in judged(scanned, budgets, landed)} if landed else {}
    rows = [(name, *scan.cells(), beside.get(name, "")) for name, scan in parts.items()]
    yield from section("Scanned by dbt's last run", rows)
    yield f"  Athena takes {USD_PER_TB} USD a TB, and for 10 MB at least a query."
    if landed:
        yield f"  A night's budget is a multiple of the bytes that it found landed: {landed:,}."
    if 0 < landed < LEAST_DAY:
        yield f"  Below {LEAST_DAY:,} the footers of files decide, and nothing is over its budget."


def _beside(one: Judged) -> str:
    says = "OVER" if one.is_over and one.day >= LEAST_DAY else "budget"
    return f"{one.times:.3f} times, {says} {one.multiple:g}"


@click.command(cls=Command)
@target_options
@click.option(
    "--run-results",
    type=click.Path(dir_okay=False, path_type=Path),
    show_default="target/run_results.json",
    help="dbt's results of the run, with its manifest beside it.",
)
def main(target: Target, run_results: Path | None) -> None:
    """Report what the last dbt run scanned on Athena, model by model, and what it cost."""
    if isinstance(target, DuckDbTarget):
        raise UsageError("a DuckDB build costs nothing; use --target athena")
    results = run_results or target.project.target_path / "run_results.json"
    began = _read(results)["metadata"]["invocation_started_at"]
    budgets = stated(_read(results.with_name("manifest.json")), target.project.settings)
    athena = target.clients.athena
    queries = [*queries_since(athena, target.workgroup, datetime.fromisoformat(began))]
    day, landed = first_new_day(queries), 0
    if day is not None:
        landed = landed_since(target.clients.s3, target.bucket.name, day)
    for line in report(by_part(by_node(queries)), budgets, landed):
        click.echo(line)


def _read(artifact: Path) -> Any:
    if not artifact.exists():
        raise StediError(f"{artifact}: no such file; `dbt build --target athena` writes it")
    return json.loads(artifact.read_text())
