"""`stedi cost`: what dbt's last run scanned on Athena, and what it cost."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from stedi.commands.command import Command, DuckDbTarget, Target, target_options
from stedi.commands.text import section
from stedi.cost.budget import SMALLEST_DAY, BudgetedScan, read_budgets, with_budgets
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
    """A line for each part of the build, with its multiple of the landed bytes and its budget.

    landed: new bytes that the build found; 0 if there were none or if it was a full refresh.
    """
    scanned = {name: scan.scanned for name, scan in parts.items()}
    multiples = (
        {one.name: _multiple(one) for one in with_budgets(scanned, budgets, landed)}
        if landed
        else {}
    )
    rows = [(name, *scan.cells(), multiples.get(name, "")) for name, scan in parts.items()]
    yield from section("Scanned by dbt's last run", rows)
    yield f"  Athena charges {USD_PER_TB} USD per TB, and at least 10 MB per query."
    if landed:
        yield f"  Budgets are multiples of the bytes that landed since the last build: {landed:,}."
    if 0 < landed < SMALLEST_DAY:
        yield (
            f"  Below {SMALLEST_DAY:,} bytes, file footers decide how much is scanned, "
            "so budgets do not apply."
        )


def _multiple(one: BudgetedScan) -> str:
    says = "OVER" if one.is_over and one.landed >= SMALLEST_DAY else "budget"
    return f"{one.multiple:.3f} times, {says} {one.budget:g}"


@click.command(cls=Command)
@target_options
@click.option(
    "--run-results",
    type=click.Path(dir_okay=False, path_type=Path),
    show_default="target/run_results.json",
    help="dbt's results of the run; its manifest is expected in the same folder.",
)
def main(target: Target, run_results: Path | None) -> None:
    """Report what dbt's last run scanned on Athena, by model, and what it cost."""
    if isinstance(target, DuckDbTarget):
        raise UsageError("a build on DuckDB scans nothing that costs money; use --target athena")
    results = run_results or target.project.target_path / "run_results.json"
    began = _read(results)["metadata"]["invocation_started_at"]
    budgets = read_budgets(_read(results.with_name("manifest.json")), target.project.settings)
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
