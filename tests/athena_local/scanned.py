"""What queries scanned, and what Athena takes for it: by the account's own list of its queries.

dbt tells of one query a node; the others (a contract's, a seed's, a column's types) are only here.
"""

from __future__ import annotations

import json
import re
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from athena_local.athena import Execution
from athena_local.local import AthenaLocal, Result
from summary import section

MB = 1 << 20
LEAST = 10 * MB  # what a query is charged for that scans less
USD_PER_TB = 5
_NODE = re.compile(r'"node_id": "([^"]+)"')  # of the comment that dbt puts before a query


@dataclass(frozen=True)
class Scan:
    """Queries taken together."""

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


def scan(query: Execution) -> Scan:
    """Of one query. What fails, and data definition that runs no query, is free."""
    statement = query.statement
    free = statement is None or (statement.kind == "DDL" and statement.iceberg_query is None)
    if free or query.state == "FAILED":
        return Scan()
    scanned = query.answer.bytes_read
    return Scan(1, scanned, max(-(-scanned // MB) * MB, LEAST))


def by_node(queries: Iterable[Execution]) -> dict[str, Scan]:
    """By dbt's id of the node that asked; "" for what dbt asks for itself."""
    found: dict[str, Scan] = defaultdict(Scan)
    for query in queries:
        node = _NODE.search(query.sql)
        found[node[1] if node else ""] += scan(query)
    return dict(found)


def total(scans: Iterable[Scan]) -> Scan:
    """All of them together."""
    return sum(scans, Scan())


def upstream(local: AthenaLocal, *models: str) -> set[str]:
    """Ids of the models, and of all nodes that they are made from, by dbt's last manifest."""
    manifest = json.loads((local.folder / "dbt/athena/manifest.json").read_text())
    found: set[str] = set()
    todo = [f"model.stedi_lakehouse.{model}" for model in models]
    while todo:
        node = todo.pop()
        if node not in found:
            found.add(node)
            todo += manifest["parent_map"].get(node, [])
    return found


def ask(local: AthenaLocal, sql: str) -> tuple[Execution, int]:
    """Runs a query as any client of Athena; returns it, and the bytes that Athena says it scanned.

    Raises RuntimeError with Athena's reason.
    """
    athena = local.client("athena")
    asked = athena.start_query_execution(QueryString=sql, WorkGroup="stedi")
    while True:
        told = athena.get_query_execution(QueryExecutionId=asked["QueryExecutionId"])
        told = told["QueryExecution"]
        if told["Status"]["State"] not in ("QUEUED", "RUNNING"):
            break
        time.sleep(0.05)
    if told["Status"]["State"] != "SUCCEEDED":
        raise RuntimeError(told["Status"]["StateChangeReason"])
    execution = local.engine.executions[asked["QueryExecutionId"]]
    return execution, told["Statistics"]["DataScannedInBytes"]


def of_build(result: Result, queries: Iterable[Execution], landing: int) -> Iterator[str]:
    """A build's summary: a line for each model, one for each other kind of node, and the sum.

    landing: bytes landed.
    """
    scans = by_node(queries)
    rows = {n["unique_id"]: int(n["adapter_response"].get("rows_affected") or 0)
            for n in result.nodes}  # fmt: skip
    models = sorted(
        (node.split(".")[2], rows.get(node, 0), "rows", *scans[node].cells())
        for node in scans
        if node.startswith("model.") and scans[node].queries
    )
    others: dict[str, Scan] = defaultdict(Scan)
    for node, found in scans.items():
        if not node.startswith("model."):
            others[f"({node.split('.')[0] or 'other'}s)".replace("_", " ")] += found
    rest = [(kind, "", "", *found.cells()) for kind, found in sorted(others.items())]
    every = ("(all)", "", "", *total(scans.values()).cells())
    yield from section("Scanned by the build", [*models, *rest, every])
    price = f"{USD_PER_TB} USD a TB, and for 10 MB at least a query"
    yield f"  {landing:,} bytes had landed. Athena takes {price}."
