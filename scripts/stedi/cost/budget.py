"""How much a nightly build may scan on Athena, and which parts of it scan more.

Budgets are multiples of the bytes that landed since the last build: a model's is in its meta
(dbt_project.yml has the defaults), those of tests and other queries are in a variable. They hold
for a night that brings readings and customers; changes of consent come on top.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stedi.errors import StediError

NAME = "nightly_scan"  # of the meta and of the variable
TESTS, OTHER, ALL = "(tests)", "(other queries)", "(all)"
_PARTS = {"tests": TESTS, "other": OTHER, "all": ALL}  # key of the variable -> part
# Bytes. On a smaller day, file footers and not rows decide how much is scanned.
SMALLEST_DAY = 10_000_000


@dataclass(frozen=True)
class BudgetedScan:
    """What a night scanned for a model, or for TESTS, OTHER or ALL, beside its budget.

    scanned, landed: bytes. budget: a multiple of the landed bytes.
    """

    name: str
    scanned: int
    budget: float
    landed: int

    @property
    def multiple(self) -> float:
        """How many times the landed bytes were scanned."""
        return self.scanned / self.landed

    @property
    def is_over(self) -> bool:
        """Whether more was scanned than the budget allows."""
        return self.scanned > self.budget * self.landed

    def __str__(self) -> str:
        allowed = self.budget * self.landed
        return (
            f"{self.name} scanned {self.scanned:,} bytes, {self.multiple:.3f} times the day's "
            f"{self.landed:,}; its budget is {self.budget:g} times, {allowed:,.0f}"
        )


def read_budgets(manifest: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, float]:
    """The budgets of every model and of TESTS, OTHER and ALL.

    manifest: dbt's manifest. settings: the content of dbt_project.yml. Raises StediError where a
    budget is missing.
    """
    variable = settings.get("vars", {}).get(NAME, {})
    budgets = {
        node["name"]: node["config"]["meta"].get(NAME)
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model"
    } | {part: variable.get(key) for key, part in _PARTS.items()}
    if missing := sorted(name for name, budget in budgets.items() if not _is_multiple(budget)):
        raise StediError(
            f"no budget for a nightly build: {', '.join(missing)}. In its config block, give the "
            f"model `meta={{'{NAME}': MULTIPLE}}`, how many times the landed bytes it may scan; "
            f"budgets of tests and other queries are in the variable {NAME}"
        )
    return budgets


def with_budgets(
    scanned: Mapping[str, int], budgets: Mapping[str, float], landed: int
) -> list[BudgetedScan]:
    """Each scan beside its budget, in the order given. Raises StediError for one without a budget.

    scanned: bytes by model, and of TESTS, OTHER and ALL. landed: bytes, more than 0.
    """
    if unknown := sorted(scanned.keys() - budgets.keys()):
        raise StediError(f"no budget for a nightly build: {', '.join(unknown)}")
    return [BudgetedScan(name, size, budgets[name], landed) for name, size in scanned.items()]


def _is_multiple(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0
