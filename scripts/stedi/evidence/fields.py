"""Where each landed field goes, and where it stops, by the lineage of the compiled SQL."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stedi.lineage.columns import LineageError, Origin
from stedi.lineage.levels import DescribedTable, described_tables
from stedi.lineage.project import BEYOND, LAST, column_origins

LAYERS = ("staging", "trusted", "curated", "audit")
WHOLE_LINE = "whole line, or its file's name"


@dataclass(frozen=True)
class Field:
    """A field of a landing table, or its whole line.

    shown: by layer, the tables with a column made of it; as_pseudonym: those where that is the
    pseudonym alone. beyond: tables beyond customer_trusted that show a direct one, which none may.
    """

    table: str
    name: str
    level: str
    shown: dict[str, list[str]]
    as_pseudonym: dict[str, list[str]]

    @property
    def beyond(self) -> list[str]:
        if self.level != "direct":
            return []
        layers = [layer.removeprefix("stedi_") for layer in BEYOND]
        return [name for layer in layers for name in self.shown[layer] if name != LAST]

    @property
    def stops_at(self) -> str:
        """The last layer, and of a direct field the table, that shows it as it is."""
        layers = [layer for layer in LAYERS[:3] if self.shown[layer]]
        if not layers:
            return "landing"
        return LAST if self.shown[layers[-1]] == [LAST] else layers[-1]


@dataclass(frozen=True)
class Lineage:
    """All landed fields; why_not: why nothing is known of them."""

    fields: list[Field] = field(default_factory=list)
    why_not: str = ""

    @property
    def beyond(self) -> list[str]:
        """`field in table` for each direct one beyond customer_trusted."""
        return [f"{f.name} in {table}" for f in self.fields for table in f.beyond]


def lineage(path: Path) -> Lineage:
    """The lineage of the project whose manifest.json this is."""
    if not path.exists():
        return Lineage(why_not=f"{path}: no such file; `dbt docs generate` writes it")
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        return Lineage(why_not=f"{path}: no manifest of dbt; `dbt docs generate` writes it anew")
    try:
        return Lineage([*_fields(manifest)])
    except LineageError as error:
        return Lineage(why_not=f"{path}: {error}")


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
    """Where a field goes; None: the direct columns, which are the line and its file's name."""
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
            is_hidden = all(origin.is_pseudonym for origin in found)
            (as_pseudonym if is_hidden else shown)[layer].append(model.name)
    entity = table.removeprefix("landing.")
    return Field(entity, name or WHOLE_LINE, level, shown, as_pseudonym)
