"""`dbt source freshness` tells whether deliveries still come to a landing zone."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from support.lakehouse import Lakehouse


@pytest.mark.parametrize(
    ("days_ago", "status"), [(0, "pass"), (1, "pass"), (4, "warn"), (9, "error"), (None, "error")]
)
def test_freshness_by_ingest_date(lakehouse: Lakehouse, days_ago: int | None, status: str) -> None:
    if days_ago is not None:
        date = (datetime.now(UTC) - timedelta(days=days_ago)).date().isoformat()
        lakehouse.land("customer", "a.json", b"{}\n", date)
    lakehouse.dbt("source", "freshness", "--select", "source:landing.customer")
    (found,) = json.loads((lakehouse.folder / "target/sources.json").read_text())["results"]
    assert found["status"] == status
