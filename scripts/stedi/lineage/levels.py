"""How much each column reveals about a person: `meta: {pii: ...}` of the YAML, in dbt's manifest.

direct    identifies a person or their device: name, email, phone, birthday, serial number, a line
indirect  an attribute or a reading of one person, or their pseudonym
none      about nobody: counts, reasons why a line is rejected, days of delivery
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stedi.errors import StediError

LEVELS = ("none", "indirect", "direct")  # each reveals more than the one before


@dataclass(frozen=True)
class DescribedTable:
    """A model, seed or source as its YAML describes it, with the level of each column."""

    unique_id: str
    name: str  # a source's name includes its group: landing.customer
    schema: str
    identifier: str
    levels: Mapping[str, str]  # column -> level
    field_levels: Mapping[str, str]  # of a landing table: field of its lines -> level

    @property
    def kind(self) -> str:
        """model, seed or source."""
        return self.unique_id.partition(".")[0]


def described_tables(manifest: Mapping[str, Any]) -> list[DescribedTable]:
    """All models, seeds and sources of a manifest.

    Raises StediError, which names every column without a level or with an unknown one.
    """
    nodes = [n for n in manifest["nodes"].values() if n["resource_type"] in ("model", "seed")]
    tables = [_described(node) for node in [*nodes, *manifest["sources"].values()]]
    wrong = [
        f"{table.name}.{column}: {level or 'no level'}"
        for table in tables
        for column, level in [*table.levels.items(), *table.field_levels.items()]
        if level not in LEVELS
    ]
    if wrong:
        raise StediError(
            f"{'; '.join(wrong)}. Below the column's name, in the YAML beside its table, write "
            f"`config: {{meta: {{pii: LEVEL}}}}` with one of {', '.join(LEVELS)}"
        )
    return tables


def _described(node: Mapping[str, Any]) -> DescribedTable:
    is_source = node["resource_type"] == "source"
    return DescribedTable(
        unique_id=node["unique_id"],
        name=f"{node['source_name']}.{node['name']}" if is_source else node["name"],
        schema=node["schema"],
        identifier=node["identifier"] if is_source else node["alias"],
        levels={
            name: column["config"]["meta"].get("pii") for name, column in node["columns"].items()
        },
        field_levels=node["config"]["meta"].get("pii_of_fields", {}),
    )
