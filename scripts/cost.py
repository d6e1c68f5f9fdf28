"""What the last run of dbt on Athena scanned and cost, by model.

dbt's run results tell of one query a model; a model's deletes, inserts and checks are several, so
the workgroup's own list of queries is taken. dbt names the node in a comment of each. What a
nightly build scanned is told in multiples of the bytes that it found landed too, beside its budget.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from budget import ALL, LEAST_DAY, OTHER, TESTS, Judged, NoBudget, judged, stated
from land import clear_errors
from landing_files import ENTITIES
from summary import section

MB = 1 << 20
LEAST = 10 * MB  # what a query is charged for that scans less (Athena's price list)
USD_PER_TB = 5
NODE = re.compile(r'"node_id": "([^"]+)"')
# How a model of landed lines says from which day on it reads (macros/upkeep/upkeep.sql).
_NEWLY_LANDED = re.compile(r"\bingest_date >= '(\d{4}-\d{2}-\d{2})'")
_AT_ONCE = 50  # queries that BatchGetQueryExecution takes


@dataclass(frozen=True)
class Scan:
    """Queries taken together: how many, bytes scanned, bytes charged."""

    queries: int = 0
    scanned: int = 0
    charged: int = 0

    def __add__(self, other: Scan) -> Scan:
        return Scan(
            self.queries + other.queries,
            self.scanned + other.scanned,
            self.charged + other.charged,
        )

    @property
    def usd(self) -> str:
        """What Athena takes for it."""
        return f"{self.charged * USD_PER_TB / (1 << 40):.6f} USD"

    def cells(self) -> tuple[object, ...]:
        """For a line of a summary."""
        return self.queries, "queries", self.scanned, "bytes scanned", self.usd

    @classmethod
    def of(cls, scanned: int) -> Scan:
        """Of one query that read some bytes."""
        return cls(1, scanned, max(-(-scanned // MB) * MB, LEAST))


def queries_since(athena: Any, workgroup: str, start: datetime) -> Iterator[dict[str, Any]]:
    """The workgroup's queries from a moment on, as GetQueryExecution has them.

    athena: a boto3 client. Raises what boto3 raises.
    """
    pages = athena.get_paginator("list_query_executions").paginate(WorkGroup=workgroup)
    for page in pages:  # the newest first
        ids = page["QueryExecutionIds"]
        for first in range(0, len(ids), _AT_ONCE):
            told = athena.batch_get_query_execution(QueryExecutionIds=ids[first : first + _AT_ONCE])
            found = told["QueryExecutions"]
            recent = [q for q in found if q["Status"]["SubmissionDateTime"] >= start]
            yield from recent
            if len(recent) < len(found):
                return


def by_node(queries: Iterable[dict[str, Any]]) -> dict[str, Scan]:
    """By dbt's id of the node that asked; "" for what dbt asks for itself. What failed is free,
    and so is data definition, which scans nothing."""
    found: dict[str, Scan] = defaultdict(Scan)
    for query in queries:
        node = NODE.search(query["Query"])
        scanned = query.get("Statistics", {}).get("DataScannedInBytes", 0)
        failed = query["Status"]["State"] != "SUCCEEDED"
        if not failed and (query.get("StatementType") != "DDL" or scanned):
            found[node[1] if node else ""] += Scan.of(scanned)
    return dict(found)


def by_part(scans: Mapping[str, Scan]) -> dict[str, Scan]:
    """By model, the dearest first; then TESTS, OTHER and ALL. scans: by dbt's id of the node."""
    models, tests, other = {}, Scan(), Scan()
    for node, scan in scans.items():
        kind = node.partition(".")[0]
        if kind == "model":
            models[node.split(".")[2]] = scan
        elif kind in ("test", "unit_test"):
            tests += scan
        else:
            other += scan
    dearest = sorted(models.items(), key=lambda found: (-found[1].scanned, found[0]))
    return dict(dearest) | {TESTS: tests, OTHER: other, ALL: sum(scans.values(), Scan())}


def first_new_day(queries: Iterable[dict[str, Any]]) -> str | None:
    """The ingest date from which on the build read landed lines, as YYYY-MM-DD.

    None where it made every table anew, and where it read none.
    """
    for query in queries:
        node, found = NODE.search(query["Query"]), _NEWLY_LANDED.search(query["Query"])
        if node and found and node[1].endswith("_lines"):
            return found[1]
    return None


def landed_since(s3: Any, bucket: str, day: str) -> int:
    """How many bytes lie in the bucket's landing zone under the day and later ones.

    s3: a boto3 client. Raises what boto3 raises.
    """
    pages = s3.get_paginator("list_objects_v2")
    return sum(
        found["Size"]
        for entity in ENTITIES
        for page in pages.paginate(
            Bucket=bucket,
            Prefix=f"{entity}/landing/ingest_date=",
            StartAfter=f"{entity}/landing/ingest_date={day}",
        )
        for found in page.get("Contents", ())
    )


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


@click.command()
@click.option("--workgroup", envvar="STEDI_WORKGROUP", default="stedi", show_default=True)
@click.option(
    "--root",
    envvar="STEDI_DATA",
    default="s3://stedi-data-lakehouse/",
    show_default="$STEDI_DATA or s3://stedi-data-lakehouse/",
    help="The bucket, whose landing zone tells how much a night found.",
)
@click.option(
    "--run-results",
    type=click.Path(dir_okay=False, path_type=Path),
    default="target/run_results.json",
    show_default=True,
    help="What dbt wrote of the run, with its manifest beside it.",
)
def main(workgroup: str, root: str, run_results: Path) -> None:
    """Print what the last run of dbt on Athena scanned and cost, by model."""
    began = _read(run_results)["metadata"]["invocation_started_at"]
    manifest = _read(run_results.with_name("manifest.json"))
    try:
        budgets = stated(manifest)
    except NoBudget as error:
        raise click.ClickException(str(error)) from error
    import boto3  # takes a while, which an error above need not wait for

    with clear_errors(f"workgroup {workgroup}"):
        athena = boto3.client("athena")
        queries = [*queries_since(athena, workgroup, datetime.fromisoformat(began))]
    day, landed = first_new_day(queries), 0
    if day is not None:
        with clear_errors(root):
            bucket = root.removeprefix("s3://").partition("/")[0]
            landed = landed_since(boto3.client("s3"), bucket, day)
    for line in report(by_part(by_node(queries)), budgets, landed):
        click.echo(line)


def _read(artifact: Path) -> Any:
    if not artifact.exists():
        raise click.ClickException(
            f"{artifact}: no such file; `dbt build --target athena` writes it"
        )
    return json.loads(artifact.read_text())


if __name__ == "__main__":
    main()
