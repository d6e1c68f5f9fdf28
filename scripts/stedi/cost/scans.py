"""What the last run of dbt on Athena scanned and cost, by model.

dbt's run results tell of one query a model; a model's deletes, inserts and checks are several, so
the workgroup's own list of queries is taken. dbt names the node in a comment of each. What a
nightly build scanned is told in multiples of the bytes that it found landed too, beside its budget.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from stedi.cost.budget import ALL, OTHER, TESTS
from stedi.layout import ENTITIES

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
