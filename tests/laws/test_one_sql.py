"""Law 7: models name no engine; what differs is a macro that both engines have."""

from __future__ import annotations

import re
from pathlib import Path

from support.lakehouse import PROJECT

ENGINES = ("duckdb", "athena")
NAMES = re.compile(r"duckdb|athena|trino|target\.type|target\.name", re.IGNORECASE)


def sql(*folders: str) -> list[Path]:
    found = [path for folder in folders for path in (PROJECT / folder).rglob("*.sql")]
    assert found
    return found


def test_no_sql_outside_of_macros_engines_names_an_engine() -> None:
    outside = [p for p in sql("macros") if p.parent.name != "engines"]
    paths = [*sql("models", "tests", "analyses"), *outside]
    named = [path for path in paths if NAMES.search(path.read_text())]
    assert named == []


def test_each_difference_is_a_macro_that_both_engines_have() -> None:
    for path in sql("macros/engines"):
        text = path.read_text()
        dispatched = set(re.findall(r"adapter\.dispatch\('(\w+)'\)", text))
        assert dispatched == {path.stem}
        for engine in ENGINES:
            assert f"macro {engine}__{path.stem}(" in text, f"{path.name}: nothing for {engine}"
