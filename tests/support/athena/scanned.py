"""What queries scanned, and what Athena takes for it: by the account's own list of its queries.

dbt tells of one query a node; the others (a contract's, a seed's, a column's types) are only here.
"""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator

from local_athena.athena import Execution
from stedi.commands.text import section
from stedi.cost.scans import NODE, USD_PER_TB, Scan
from support.athena.local import LocalLakehouse, Result


def scan(query: Execution) -> Scan:
    """Of one query. What fails, and data definition that runs no query, is free."""
    statement = query.statement
    free = statement is None or (statement.kind == "DDL" and statement.iceberg_query is None)
    if free or query.state == "FAILED":
        return Scan()
    return Scan.of(query.answer.bytes_read)


def by_node(queries: Iterable[Execution]) -> dict[str, Scan]:
    """By dbt's id of the node that asked; "" for what dbt asks for itself."""
    found: dict[str, Scan] = defaultdict(Scan)
    for query in queries:
        node = NODE.search(query.sql)
        found[node[1] if node else ""] += scan(query)
    return dict(found)


def total(scans: Iterable[Scan]) -> Scan:
    """All of them together."""
    return sum(scans, Scan())


def upstream(local: LocalLakehouse, *models: str) -> set[str]:
    """Ids of the models, and of all nodes that they are made from, by dbt's last manifest."""
    manifest = json.loads((local.folder / "dbt/athena/manifest.json").read_text())
    found: set[str] = set()
    # By name, as the id of a versioned model ends in its version.
    todo = [id_ for id_, node in manifest["nodes"].items() if node["name"] in models]
    while todo:
        node = todo.pop()
        if node not in found:
            found.add(node)
            todo += manifest["parent_map"].get(node, [])
    return found


def ask(local: LocalLakehouse, sql: str) -> tuple[Execution, int]:
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
