"""Which tables show each landed field, and where it stops, from the lineage of compiled SQL."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stedi.errors import StediError
from stedi.lineage.columns import Origin
from stedi.lineage.levels import DescribedTable, described_tables
from stedi.lineage.project import BEYOND, LAST, column_origins

LAYERS = ("staging", "trusted", "curated", "audit")
WHOLE_LINE = "whole line, or its file's name"


@dataclass(frozen=True)
class Field:
    """A field of a landing table, or its whole line.

    shown: by layer, the tables with a column that is made of it. as_pseudonym: by layer, those
    that have only its pseudonym.
    """

    table: str
    name: str
    level: str
    shown: dict[str, list[str]]
    as_pseudonym: dict[str, list[str]]

    @property
    def beyond(self) -> list[str]:
        """Tables beyond customer_trusted that show this field although it is direct."""
        if self.level != "direct":
            return []
        layers = [layer.removeprefix("stedi_") for layer in BEYOND]
        return [name for layer in layers for name in self.shown[layer] if name != LAST]

    @property
    def stops_at(self) -> str:
        """The last layer that shows the field, or `customer_trusted` if that is the last table."""
        layers = [layer for layer in LAYERS[:3] if self.shown[layer]]
        if not layers:
            return "landing"
        return LAST if self.shown[layers[-1]] == [LAST] else layers[-1]


@dataclass(frozen=True)
class Lineage:
    """All landed fields. problem: why nothing is known of them, or ""."""

    fields: list[Field] = field(default_factory=list)
    problem: str = ""

    @property
    def beyond(self) -> list[str]:
        """`field in table` for each direct identifier beyond customer_trusted."""
        return [f"{f.name} in {table}" for f in self.fields for table in f.beyond]


def read_lineage(path: Path) -> Lineage:
    """The lineage of the project, from its manifest.json."""
    if not path.exists():
        return Lineage(problem=f"{path}: no such file; `dbt docs generate` writes it")
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        return Lineage(
            problem=f"{path}: not a manifest of dbt; run `dbt docs generate` to rewrite it"
        )
    try:
        return Lineage([*_fields(manifest)])
    except StediError as error:
        return Lineage(problem=f"{path}: {error}")


def _fields(manifest: Mapping[str, Any]) -> Iterator[Field]:
    tables = {table.unique_id: table for table in described_tables(manifest)}
    made = [
        (tables[unique_id], {origin for origins in columns.values() for origin in origins})
        for unique_id, columns in column_origins(manifest).items()
    ]
    for source in sorted(tables.values(), key=lambda table: table.name):
        if source.field_levels:
            for name, level in [*source.field_levels.items(), (None, "direct")]:
                yield _field(source.name, name, level, made)


def _field(
    table: str, name: str | None, level: str, made: Iterable[tuple[DescribedTable, set[Origin]]]
) -> Field:
    """The tables that show a field. name: None for the whole line and its file's name.

    made: each model with the origins of all its columns.
    """
    shown: dict[str, list[str]] = {layer: [] for layer in LAYERS}
    as_pseudonym: dict[str, list[str]] = {layer: [] for layer in LAYERS}
    for model, origins in made:
        found = {
            origin for origin in origins
            if (origin.table, origin.field) == (table, name)
            and (name or origin.level == "direct")
        }  # fmt: skip
        layer = model.schema.removeprefix("stedi_")
        if found:
            only_pseudonym = all(origin.is_pseudonym for origin in found)
            (as_pseudonym if only_pseudonym else shown)[layer].append(model.name)
    entity = table.removeprefix("landing.")
    return Field(entity, name or WHOLE_LINE, level, shown, as_pseudonym)
