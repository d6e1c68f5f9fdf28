"""What moto's Glue lacks of the real one, for Trino and dbt to find their tables in it."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from typing import Any

from moto.core.responses import ActionResult
from moto.glue.models import FakeTable
from moto.glue.responses import GlueResponse

_VIEW = re.compile(r"/\* Presto View: (\S+) \*/")
_HIVE_TYPES = {"integer": "int", "varchar": "string", "real": "float"}
_STATISTICS = ("get", "update", "delete")
_is_extended = False


def extend_moto() -> None:
    """Adds what is missing to moto, in this process and for good; a second time does nothing."""
    global _is_extended
    if _is_extended:
        return
    _is_extended = True
    table: Any = FakeTable
    as_dict = table.as_dict
    table.as_dict = lambda self, version=None: filled_in(as_dict(self, version))
    for call in ("get_table", "get_tables"):
        setattr(GlueResponse, call, _for_trino(getattr(GlueResponse, call)))
    for verb in _STATISTICS:
        for kind in ("table", "partition"):
            setattr(GlueResponse, f"{verb}_column_statistics_for_{kind}", _no_statistics)


def filled_in(table: dict[str, Any]) -> dict[str, Any]:
    """A table as Glue answers with it: what nobody set has a value, and a view its real columns."""
    storage = table.get("StorageDescriptor")
    if storage is None:
        return table
    columns = view_columns(table.get("ViewOriginalText") or "") or storage.get("Columns", [])
    comments = {c["Name"]: c["Comment"] for c in storage.get("Columns", []) if "Comment" in c}
    filled = {
        "NumberOfBuckets": 0,
        "Compressed": False,
        "StoredAsSubDirectories": False,
        **storage,
        "Columns": [
            column | ({"Comment": comments[column["Name"]]} if column["Name"] in comments else {})
            for column in columns
        ],
    }
    keys = table.get("PartitionKeys") or []
    return table | {"StorageDescriptor": filled, "PartitionKeys": keys}


def view_columns(view_text: str) -> list[dict[str, str]]:
    """The columns of a view that Trino wrote; Trino itself tells Glue of a dummy column alone."""
    if (encoded := _VIEW.fullmatch(view_text.strip())) is None:
        return []
    view = json.loads(base64.b64decode(encoded[1]))
    return [{"Name": c["name"], "Type": hive_type(c["type"])} for c in view["columns"]]


def hive_type(trino_type: str) -> str:
    """A scalar type of Trino as Glue has it: timestamp(6) is timestamp, varchar string."""
    bare = re.sub(r"^(timestamp|varchar)\(\d+\)", r"\1", trino_type)
    return _HIVE_TYPES.get(bare, bare)


def as_trino_wrote_it(table: dict[str, Any]) -> dict[str, Any]:
    """A view without the description that dbt gave it, where Trino looks for a mark of its own.

    Athena takes a view by its text, whatever its description.
    """
    if not view_columns(table.get("ViewOriginalText") or ""):
        return table
    described = {key: value for key, value in table.items() if key != "Description"}
    return described | {"Parameters": table["Parameters"] | {"comment": "Presto View"}}


def _for_trino(answer: Callable[[GlueResponse], ActionResult]) -> Callable[..., ActionResult]:
    def answering(self: GlueResponse) -> ActionResult:
        found = answer(self)
        if "java" in self.headers.get("User-Agent", ""):  # of all clients here only Trino is Java
            body: Any = found.result
            if "Table" in body:
                body["Table"] = as_trino_wrote_it(body["Table"])
            else:
                body["TableList"] = [as_trino_wrote_it(table) for table in body["TableList"]]
        return found

    return answering


def _no_statistics(self: GlueResponse) -> ActionResult:
    return ActionResult({"ColumnStatisticsList": [], "Errors": []})
