"""What happened to everything that landed: lines, readings by reason, rows of tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from stedi.evidence.lakehouse import Query

TABLES = (
    ("staging", "stg_customers"),
    ("trusted", "customer_trusted"),
    ("trusted", "accelerometer_trusted"),
    ("trusted", "step_trainer_trusted"),
    ("curated", "customers_curated"),
    ("curated", "machine_learning_curated"),
)


@dataclass(frozen=True)
class Withheld:
    """How many readings were withheld for one reason."""

    reason: str
    meaning: str
    readings: int


@dataclass(frozen=True)
class Source:
    """What happened to a source's lines, and to the readings among them.

    rejected: lines by reason. released: readings; None for customer records, which are no readings.
    """

    name: str
    landed: int
    accepted: int
    duplicate: int
    rejected: dict[str, int]
    released: int | None = None
    withheld: tuple[Withheld, ...] = ()

    @property
    def lines_rejected(self) -> int:
        """Rejected lines for all reasons."""
        return sum(self.rejected.values())

    @property
    def readings_withheld(self) -> int:
        """Withheld readings for all reasons."""
        return sum(part.readings for part in self.withheld)

    @property
    def unaccounted(self) -> int:
        """Lines and readings that nothing accounts for; 0 where law 3 is kept."""
        lines = abs(self.landed - self.accepted - self.duplicate - self.lines_rejected)
        if self.released is None:
            return lines
        return lines + abs(self.accepted - self.released - self.readings_withheld)


def sources(query: Query) -> list[Source]:
    """Every source, in order of its name."""
    lines = query("""
        select source, sum(landed), sum(accepted), sum(duplicate)
        from stedi_audit.landing_reconciliation group by source order by source
    """)
    rejected = query("""
        select source, reason, count(*) from stedi_staging.rejected_lines
        group by source, reason order by count(*) desc, reason
    """)
    readings = query("""
        select funnel.source, funnel.reason, reasons.meaning, funnel.readings
        from stedi_audit.consent_funnel as funnel
        left join stedi_audit.withholding_reasons as reasons on funnel.reason = reasons.code
        order by funnel.readings desc, funnel.reason
    """)
    return [
        Source(
            name,
            int(landed),
            int(accepted),
            int(duplicate),
            rejected={reason: n for source, reason, n in rejected if source == name},
            released=_released(name, readings),
            withheld=tuple(
                Withheld(reason, meaning or "", n)
                for source, reason, meaning, n in readings
                if source == name and reason != "released"
            ),
        )
        for name, landed, accepted, duplicate in lines
    ]


def row_counts(query: Query) -> list[tuple[str, str, int]]:
    """Layer, name and number of rows of the tables that hold people and their readings."""
    return [
        (layer, table, query(f"select count(*) from stedi_{layer}.{table}")[0][0])
        for layer, table in TABLES
    ]


def _released(name: str, readings: list[tuple[Any, ...]]) -> int | None:
    if name == "customer":
        return None
    return sum(
        int(n) for source, reason, _, n in readings if (source, reason) == (name, "released")
    )
