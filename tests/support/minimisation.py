"""Where a project breaks the law of minimisation, by the lineage of its compiled SQL."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from stedi.errors import StediError
from stedi.lineage.columns import Origins
from stedi.lineage.levels import LEVELS, DescribedTable, described_tables
from stedi.lineage.project import BEYOND, LAST, column_origins, level_of

CURATED = "stedi_curated"

Columns = Mapping[str, Collection[str]]  # model -> columns


def problems(manifest: Mapping[str, Any], curated: Columns) -> list[str]:
    """What is wrong, a sentence for each column and reason; nothing where the law is kept.

    `curated` lists the columns that curated tables may have. What cannot be followed is a problem
    too.
    """
    try:
        tables = {table.unique_id: table for table in described_tables(manifest)}
        made = column_origins(manifest)
    except StediError as error:
        return [str(error)]
    return [
        *(p for unique_id, columns in made.items() for p in _of_model(tables[unique_id], columns)),
        *_of_the_list(
            {tables[m].name: [*c] for m, c in made.items() if tables[m].schema == CURATED}, curated
        ),
        *(
            f"{table.name}.{column} is marked direct, in {table.schema}"
            for table in tables.values() if table.kind == "seed" and table.schema in BEYOND
            for column, level in table.levels.items() if level == "direct"
        ),
    ]  # fmt: skip


def _of_model(table: DescribedTable, columns: Mapping[str, Origins]) -> Iterator[str]:
    for column, origins in columns.items():
        found, marked = level_of(origins), table.levels.get(column)
        name, shown = f"{table.name}.{column}", _shown(origins, found)
        if found == "direct" and table.schema in BEYOND and table.name != LAST:
            yield f"{name} shows a direct identifier beyond {LAST}: {shown}"
        if marked is None:
            yield f"{name} is not described, so its level is not known; it is {found}: {shown}"
        # A mark may say more than the lineage does, but direct is direct on both sides: one that is
        # no longer true hides where the identifiers are.
        elif LEVELS.index(marked) < LEVELS.index(found) or (marked == "direct" != found):
            yield f"{name} is marked {marked}, and is {found}: {shown}"


def _of_the_list(found: Columns, allowed: Columns) -> Iterator[str]:
    for model in sorted({*found, *allowed}):
        columns, listed = {*found.get(model, ())}, {*allowed.get(model, ())}
        for column in sorted(columns - listed):
            yield f"{model}.{column} is not on the list of what curated tables may have"
        for column in sorted(listed - columns):
            yield f"{model}.{column} is on the list of curated columns, and is not there"


def _shown(origins: Origins, level: str) -> str:
    """How those of a level came here, one way for each."""
    ways = [
        " <- ".join([*path, str(origin)])
        for origin, path in sorted(origins.items(), key=str) if origin.level == level
    ]  # fmt: skip
    return "; ".join(ways) or "made of nothing that was landed"
