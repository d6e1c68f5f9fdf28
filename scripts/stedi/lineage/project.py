"""What every column of every model is made of, from the compiled SQL in dbt's manifest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from graphlib import TopologicalSorter
from typing import Any

from stedi.lineage.columns import LINE, Origin, Origins, Table, Unclear, output_origins
from stedi.lineage.levels import LEVELS, DescribedTable, described_tables

# The hidden column of a landing table, which its YAML does not list: a file may be named after
# anybody.
HIDDEN = {"duckdb": "file_name", "athena": "$path"}
# The last table with direct identifiers; no other of these schemas has any.
LAST = "customer_trusted"
BEYOND = ("stedi_trusted", "stedi_curated", "stedi_audit")


def column_origins(manifest: Mapping[str, Any]) -> dict[str, dict[str, Origins]]:
    """By unique id, the columns of each model with their origins.

    A path begins with the column itself, as model.column. Raises Unclear for a model that cannot be
    followed, and UnknownLevel.
    """
    dialect = manifest["metadata"]["adapter_type"]
    described = {table.unique_id: table for table in described_tables(manifest)}
    tables = {
        (table.schema, table.identifier): _as_described(table, HIDDEN[dialect])
        for table in described.values()
    }
    made: dict[str, dict[str, Origins]] = {}
    for unique_id in _in_order(manifest):
        model = described[unique_id]
        # A model that reads itself still finds what its YAML says: what an earlier build put there
        # was made by the same rules.
        try:
            columns = output_origins(_sql(manifest["nodes"][unique_id]), dialect, tables)
        except Unclear as error:
            raise Unclear(f"{model.name}: {error}") from error
        made[unique_id] = {
            column: {origin: (f"{model.name}.{column}", *path) for origin, path in origins.items()}
            for column, origins in columns.items()
        }
        tables[model.schema, model.identifier] = Table(made[unique_id])
    return made


def level_of(origins: Iterable[Origin]) -> str:
    """The level of what tells most among them; literals alone tell nothing."""
    return max((origin.level for origin in origins), key=LEVELS.index, default="none")


def _sql(node: Mapping[str, Any]) -> str:
    """Raises Unclear where dbt compiled none."""
    if not node.get("compiled_code"):
        raise Unclear("it has no compiled SQL; `dbt compile` writes it into the manifest")
    return node["compiled_code"]


def _in_order(manifest: Mapping[str, Any]) -> list[str]:
    """The models, each behind those that it reads."""
    models = {k: n for k, n in manifest["nodes"].items() if n["resource_type"] == "model"}
    reads = {k: {r for r in n["depends_on"]["nodes"] if r in models} for k, n in models.items()}
    return [*TopologicalSorter(reads).static_order()]


def _as_described(table: DescribedTable, hidden: str) -> Table:
    levels = dict(table.levels)
    if table.kind == "source" and LINE in levels:
        levels[hidden] = "direct"
    return Table(
        {column: {Origin(table.name, column, level): ()} for column, level in levels.items()},
        table.field_levels,
    )
