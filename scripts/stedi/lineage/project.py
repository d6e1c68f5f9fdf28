"""The origins of every column of every model, from the compiled SQL in dbt's manifest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from graphlib import TopologicalSorter
from typing import Any

from stedi.lineage.columns import LINE, LineageError, Origin, Origins, Table, output_origins
from stedi.lineage.levels import LEVELS, DescribedTable, described_tables

# A landing table's column for the file's name, which its YAML does not list. It counts as direct: a
# file may be named after anybody.
FILE_COLUMN = {"duckdb": "file_name", "athena": "$path"}
# The last table with direct identifiers. No other table of these schemas may have any.
LAST = "customer_trusted"
BEYOND = ("stedi_trusted", "stedi_curated", "stedi_audit")


def column_origins(manifest: Mapping[str, Any]) -> dict[str, dict[str, Origins]]:
    """The columns of each model with their origins, by the model's unique id.

    A path begins with the column itself, as model.column. Raises LineageError for a model that
    cannot be followed, and StediError for a column without a level.
    """
    dialect = manifest["metadata"]["adapter_type"]
    described = {table.unique_id: table for table in described_tables(manifest)}
    tables = {
        (table.schema, table.identifier): _as_described(table, FILE_COLUMN[dialect])
        for table in described.values()
    }
    made: dict[str, dict[str, Origins]] = {}
    for unique_id in _in_order(manifest):
        model = described[unique_id]
        # A model that reads itself finds its own description: an earlier build filled it by the
        # same rules.
        try:
            columns = output_origins(_sql(manifest["nodes"][unique_id]), dialect, tables)
        except LineageError as error:
            raise LineageError(f"{model.name}: {error}") from error
        made[unique_id] = {
            column: {origin: (f"{model.name}.{column}", *path) for origin, path in origins.items()}
            for column, origins in columns.items()
        }
        tables[model.schema, model.identifier] = Table(made[unique_id])
    return made


def level_of(origins: Iterable[Origin]) -> str:
    """The highest level among the origins; `none` if there are none, as with literals."""
    return max((origin.level for origin in origins), key=LEVELS.index, default="none")


def _sql(node: Mapping[str, Any]) -> str:
    """A model's compiled SQL. Raises LineageError if the manifest has none."""
    sql: str = node.get("compiled_code") or ""
    if not sql:
        raise LineageError("it has no compiled SQL; `dbt compile` writes it into the manifest")
    return sql


def _in_order(manifest: Mapping[str, Any]) -> list[str]:
    """The models, each after those that it reads."""
    models = {k: n for k, n in manifest["nodes"].items() if n["resource_type"] == "model"}
    reads = {k: {r for r in n["depends_on"]["nodes"] if r in models} for k, n in models.items()}
    return [*TopologicalSorter(reads).static_order()]


def _as_described(table: DescribedTable, file_column: str) -> Table:
    levels = dict(table.levels)
    if table.kind == "source" and LINE in levels:
        levels[file_column] = "direct"
    return Table(
        {column: {Origin(table.name, column, level): ()} for column, level in levels.items()},
        table.field_levels,
    )
