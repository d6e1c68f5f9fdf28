"""How much dbt's last run on Athena scanned and cost, by model.

dbt's run results report one query for each model, but a model's deletes, inserts and checks are
several. So the queries come from the workgroup's history; dbt names its node in a comment of each.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from stedi.cost.budget import ALL, OTHER, TESTS
from stedi.layout import ENTITIES

if TYPE_CHECKING:
    from mypy_boto3_athena import AthenaClient
    from mypy_boto3_athena.type_defs import QueryExecutionTypeDef
    from mypy_boto3_s3 import S3Client

MB = 1 << 20
LEAST = 10 * MB  # the least that a query is charged for (Athena's price list)
USD_PER_TB = 5
NODE = re.compile(r'"node_id": "([^"]+)"')
# How the query of a model of landed lines names the first day it reads (macros/upkeep/).
_NEWLY_LANDED = re.compile(r"\bingest_date >= '(\d{4}-\d{2}-\d{2})'")
_BATCH = 50  # queries that BatchGetQueryExecution accepts


@dataclass(frozen=True)
class Scan:
    """One or more queries: how many, bytes scanned, and bytes charged for."""

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
        """What Athena charges."""
        return f"{self.charged * USD_PER_TB / (1 << 40):.6f} USD"

    def cells(self) -> tuple[object, ...]:
        """The cells of a line of the report."""
        return self.queries, "queries", self.scanned, "bytes scanned", self.usd

    @classmethod
    def of(cls, scanned: int) -> Scan:
        """One query that scanned some bytes."""
        return cls(1, scanned, max(-(-scanned // MB) * MB, LEAST))


def queries_since(
    athena: AthenaClient, workgroup: str, start: datetime
) -> Iterator[QueryExecutionTypeDef]:
    """The workgroup's queries since a moment, newest first. Raises ClientError."""
    pages = athena.get_paginator("list_query_executions").paginate(WorkGroup=workgroup)
    for page in pages:
        ids = page["QueryExecutionIds"]
        for first in range(0, len(ids), _BATCH):
            answer = athena.batch_get_query_execution(QueryExecutionIds=ids[first : first + _BATCH])
            found = answer["QueryExecutions"]
            recent = [q for q in found if q["Status"]["SubmissionDateTime"] >= start]
            yield from recent
            if len(recent) < len(found):
                return


def by_node(queries: Iterable[Mapping[str, Any]]) -> dict[str, Scan]:
    """Scans by the id of dbt's node; "" for dbt's own queries.

    Failed queries are free, and so is data definition that scans nothing.
    """
    found: dict[str, Scan] = defaultdict(Scan)
    for query in queries:
        node = NODE.search(query["Query"])
        scanned = query.get("Statistics", {}).get("DataScannedInBytes", 0)
        failed = query["Status"]["State"] != "SUCCEEDED"
        if not failed and (query.get("StatementType") != "DDL" or scanned):
            found[node[1] if node else ""] += Scan.of(scanned)
    return dict(found)


def by_part(scans: Mapping[str, Scan]) -> dict[str, Scan]:
    """Scans by model, the largest first, then TESTS, OTHER and ALL. scans: by node's id."""
    models, tests, other = {}, Scan(), Scan()
    for node, scan in scans.items():
        kind = node.partition(".")[0]
        if kind == "model":
            models[node.split(".")[2]] = scan
        elif kind in ("test", "unit_test"):
            tests += scan
        else:
            other += scan
    largest = sorted(models.items(), key=lambda found: (-found[1].scanned, found[0]))
    return dict(largest) | {TESTS: tests, OTHER: other, ALL: sum(scans.values(), Scan())}


def first_new_day(queries: Iterable[Mapping[str, Any]]) -> str | None:
    """The first ingest date that the build read landed lines of, as YYYY-MM-DD.

    None if it was a full refresh, or read no landed lines.
    """
    for query in queries:
        node, found = NODE.search(query["Query"]), _NEWLY_LANDED.search(query["Query"])
        if node and found and node[1].endswith("_lines"):
            return found[1]
    return None


def landed_since(s3: S3Client, bucket: str, day: str) -> int:
    """Bytes in the bucket's landing zone of ingest dates from `day` on. Raises ClientError."""
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
