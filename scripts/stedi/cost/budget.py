"""What a nightly build may scan, and what scans more.

dbt_project.yml states it, in multiples of the bytes that landed since the build before: each
model's as meta of the model, what has no model as a variable. It holds for a night that brings
readings and customers; what a change of consent adds comes on top.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stedi.errors import StediError

NAME = "nightly_scan"  # of the meta and of the variable
TESTS, OTHER, ALL = "(tests)", "(other queries)", "(all)"
_OF_VARIABLE = {"tests": TESTS, "other": OTHER, "all": ALL}
# Of a day that is smaller, the footers of files decide how much is scanned, and not the rows.
LEAST_DAY = 10_000_000


class NoBudget(StediError):
    """Something has no budget. The text names it and says where to state one."""


@dataclass(frozen=True)
class Judged:
    """What a night scanned for a model, or for one of TESTS, OTHER and ALL.

    multiple: of the day's bytes, what it may. day: the bytes that landed.
    """

    name: str
    scanned: int
    multiple: float
    day: int

    @property
    def times(self) -> float:
        """How many times the day's bytes were scanned."""
        return self.scanned / self.day

    @property
    def is_over(self) -> bool:
        return self.scanned > self.multiple * self.day

    def __str__(self) -> str:
        return (
            f"{self.name} scanned {self.scanned:,} bytes, {self.times:.3f} times the day's "
            f"{self.day:,}; its budget is {self.multiple:g} times, {self.multiple * self.day:,.0f}"
        )


def stated(manifest: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, float]:
    """Every budget by model, and those of TESTS, OTHER and ALL.

    manifest: dbt's own. settings: dbt_project.yml as it stands. Raises NoBudget.
    """
    variable = settings.get("vars", {}).get(NAME, {})
    found = {
        node["name"]: node["config"]["meta"].get(NAME)
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model"
    } | {name: variable.get(key) for key, name in _OF_VARIABLE.items()}
    if lacking := sorted(name for name, multiple in found.items() if not _is_multiple(multiple)):
        raise NoBudget(
            f"no budget of a nightly build: {', '.join(lacking)}. In dbt_project.yml, at the model "
            f"or its folder, write `+meta: {{{NAME}: MULTIPLE}}`, how many times the bytes that "
            f"landed may be scanned for it; of what is no model, in the variable {NAME}"
        )
    return found


def judged(scanned: Mapping[str, int], budgets: Mapping[str, float], day: int) -> list[Judged]:
    """Everything that was scanned beside its budget, in the order given. Raises NoBudget.

    scanned: bytes by model, and of TESTS, OTHER and ALL. day: the bytes that landed, not none.
    """
    if unknown := sorted(scanned.keys() - budgets.keys()):
        raise NoBudget(f"no budget of a nightly build: {', '.join(unknown)}")
    return [Judged(name, size, budgets[name], day) for name, size in scanned.items()]


def _is_multiple(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0
