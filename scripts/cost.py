"""What the last run of dbt on Athena scanned and cost, by model.

dbt's run results tell of one query a model; a model's deletes, inserts and checks are several, so
the workgroup's own list of queries is taken. dbt names the node in a comment of each.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from land import clear_errors
from summary import section

MB = 1 << 20
LEAST = 10 * MB  # what a query is charged for that scans less (Athena's price list)
USD_PER_TB = 5
NODE = re.compile(r'"node_id": "([^"]+)"')
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


def report(scans: dict[str, Scan]) -> Iterator[str]:
    """A line for each model, the dearest first; one for each other kind of node; and the sum."""
    models = {node: scan for node, scan in scans.items() if node.startswith("model.")}
    others: dict[str, Scan] = defaultdict(Scan)
    for node in scans.keys() - models.keys():
        others[f"({node.split('.')[0] or 'other'}s)".replace("_", " ")] += scans[node]
    dearest = sorted(models.items(), key=lambda found: (-found[1].scanned, found[0]))
    rows = [(node.split(".")[2], *scan.cells()) for node, scan in dearest]
    rows += [(kind, *scan.cells()) for kind, scan in sorted(others.items())]
    rows.append(("(all)", *sum(scans.values(), Scan()).cells()))
    yield from section("Scanned by dbt's last run", rows)
    yield f"  Athena takes {USD_PER_TB} USD a TB, and for 10 MB at least a query."


@click.command()
@click.option("--workgroup", envvar="STEDI_WORKGROUP", default="stedi", show_default=True)
@click.option(
    "--run-results",
    type=click.Path(dir_okay=False, path_type=Path),
    default="target/run_results.json",
    show_default=True,
    help="What dbt wrote of the run.",
)
def main(workgroup: str, run_results: Path) -> None:
    """Print what the last run of dbt on Athena scanned and cost, by model."""
    if not run_results.exists():
        raise click.ClickException(
            f"{run_results}: no such file; `dbt build --target athena` writes it"
        )
    began = json.loads(run_results.read_text())["metadata"]["invocation_started_at"]
    import boto3  # takes a while, which an error above need not wait for

    with clear_errors(f"workgroup {workgroup}"):
        queries = queries_since(boto3.client("athena"), workgroup, datetime.fromisoformat(began))
        for line in report(by_node(queries)):
            click.echo(line)


if __name__ == "__main__":
    main()
