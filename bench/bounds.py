"""What the benchmark must show, and whether it does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from measure import MIB, Measure

Results = Mapping[int, Mapping[str, Measure]]  # times the real data -> contender -> its measure

SECONDS_AT_1 = 8
GROWTH = 4
GROWTH_GOAL = 2
GIB_AT_100 = 3


@dataclass(frozen=True)
class Verdict:
    """A bound and its figure; None where it was not measured."""

    name: str
    figure: float | None
    bound: float
    unit: str
    note: str = ""

    @property
    def missed(self) -> bool:
        return self.figure is not None and self.figure > self.bound

    def __str__(self) -> str:
        if self.figure is None:
            return f"{self.name}: not measured, at most {self.bound} {self.unit}"
        verdict = "MISSED" if self.missed else "ok"
        note = f" ({self.note})" if self.note else ""
        return (
            f"{self.name}: {self.figure:.2f} {self.unit}, at most {self.bound} {self.unit}"
            f"{note}: {verdict}"
        )


def growth(results: Results) -> float | None:
    """How many times what the script by hand adds from 1 to 100 times, dbt adds.

    None where it was not measured, or the script by hand added nothing that could be told.
    """
    if not {1, 100} <= results.keys():
        return None
    added = {
        name: results[100][name].seconds - results[1][name].seconds for name in ("dbt", "by hand")
    }
    return added["dbt"] / added["by hand"] if added["by hand"] > 0 else None


def verdicts(results: Results) -> list[Verdict]:
    """Every bound, one after the other."""
    ratio = growth(results)
    at_1, at_100 = (results.get(times, {}).get("dbt") for times in (1, 100))
    reached = "" if ratio is None else "reached" if ratio <= GROWTH_GOAL else "not reached"
    return [
        Verdict("dbt run at 1x, whole process", at_1 and at_1.seconds, SECONDS_AT_1, "s"),
        Verdict(
            "growth of dbt run from 1x to 100x, by hand = 1",
            ratio,
            GROWTH,
            "times",
            f"the goal, {GROWTH_GOAL} times, is {reached}",
        ),
        Verdict(
            "peak memory of dbt run at 100x",
            at_100 and at_100.peak / (1024 * MIB),
            GIB_AT_100,
            "GiB",
        ),
    ]
