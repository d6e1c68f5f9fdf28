"""Law 6 by lineage: from every landed field, what reaches which column of the compiled SQL."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stedi.lineage.levels import described_tables
from stedi.lineage.project import column_origins
from stedi.synthetic.generator import generate
from stedi.synthetic.personas import Settings
from support.lakehouse import PROJECT, Lakehouse
from support.leaks import ADDED, ID, LEAKS, PEOPLE, Leak
from support.minimisation import problems
from support.project_to_break import breakable, replace_once

# What curated tables may have. A column that is new there is a decision to show it: it fails until
# somebody has written it down here.
CURATED = {
    "customers_curated": (
        "customer_id", "registered_on", "covered_from_day", "motion_readings",
        "distance_readings",
    ),
    "machine_learning_curated": ("customer_id", "read_at", "x", "y", "z", "distance"),
}  # fmt: skip


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Lakehouse:
    """A lakehouse without tables: what is compiled is a full build."""
    lakehouse = Lakehouse(tmp_path_factory.mktemp("fresh"))
    assert lakehouse.dbt("compile").success
    return lakehouse


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Lakehouse:
    """A lakehouse whose project is a copy, which each test breaks and puts right again."""
    return breakable(tmp_path_factory.mktemp("broken"))


@pytest.fixture
def restored(broken: Lakehouse) -> Iterator[dict[Path, str]]:
    """What files held before a test changed them; they hold it again afterwards."""
    before: dict[Path, str] = {}
    yield before
    for path, text in before.items():
        path.write_text(text)


def recompiled(lakehouse: Lakehouse) -> dict[str, Any]:
    lakehouse.parse_again()
    compiled = lakehouse.dbt("compile")
    assert compiled.success, compiled.errors
    return lakehouse.manifest()


def test_no_direct_identifier_reaches_a_table_beyond_customer_trusted(fresh: Lakehouse) -> None:
    assert problems(fresh.manifest(), CURATED) == []


def test_nor_in_a_build_that_finds_tables_of_an_earlier_one(lakehouse: Lakehouse) -> None:
    generate(Settings(people=10, days=2, readings_per_person=2), lakehouse.landing)
    assert lakehouse.dbt("run").success
    lakehouse.land("customer", "more.json", b"{}\n", "2025-01-01")
    assert lakehouse.dbt("run").success
    assert problems(lakehouse.manifest(), CURATED) == []


def test_nor_on_athena(lakehouse: Lakehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "none")
    offline = ("--no-populate-cache", "--no-introspect")
    compiled = lakehouse.dbt("compile", "--target", "athena", *offline)
    assert compiled.success, compiled.errors
    assert lakehouse.manifest()["metadata"]["adapter_type"] == "athena"
    assert problems(lakehouse.manifest(), CURATED) == []


def test_the_walk_begins_at_every_landed_field_and_reaches_every_model(fresh: Lakehouse) -> None:
    """Else the law would be kept because nothing was looked at."""
    manifest = fresh.manifest()
    tables = described_tables(manifest)
    fields = {(table.name, field) for table in tables for field in table.field_levels}
    made = column_origins(manifest)
    origins = {o for columns in made.values() for found in columns.values() for o in found}
    assert {(o.table, o.field) for o in origins if o.field} == fields
    models = {k for k, node in manifest["nodes"].items() if node["resource_type"] == "model"}
    assert models == made.keys()
    ids = made["model.stedi_lakehouse.machine_learning_curated.v1"]["customer_id"]
    # of an email field, or of a line that names an email somewhere else
    assert {(o.field, o.is_pseudonym) for o in ids} == {("email", True), (None, True)}


def test_the_levels_of_a_landing_table_are_those_of_its_documented_fields(
    fresh: Lakehouse,
) -> None:
    sources = fresh.manifest()["sources"]
    landing = [s for s in sources.values() if s["source_name"] == "landing"]
    assert landing
    for source in landing:
        described = re.findall(r"^\| `(\w+)` \|", source["description"], flags=re.M)
        assert [*source["config"]["meta"].get("pii_of_fields", {})] == described


def test_one_macro_makes_pseudonyms() -> None:
    """In compiled SQL a call of the function looks like the macro's."""
    sql = [path for folder in ("models", "macros") for path in (PROJECT / folder).rglob("*.sql")]
    named = [path.name for path in sql if "hmac" in path.read_text().lower()]
    assert named == ["pseudonym.sql"]


@pytest.mark.parametrize("leak", LEAKS, ids=lambda leak: leak.does)
def test_a_leak_is_caught(leak: Leak, broken: Lakehouse, restored: dict[Path, str]) -> None:
    path = broken.project / leak.file
    restored[path] = replace_once(path, leak.text, leak.replacement)
    found = problems(recompiled(broken), CURATED)
    way = way_of(leak.column, leak.origin, found)
    assert path.parent.name == "engines" or f"{path.stem}." in way


def test_whatever_is_added_to_the_table_of_people_is_caught(
    broken: Lakehouse, restored: dict[Path, str]
) -> None:
    path = broken.project / PEOPLE
    columns = {f"note_{number}": added for number, added in enumerate(ADDED.values())}
    added = [f"\n        {made} as {column}," for column, (made, _) in columns.items()]
    restored[path] = replace_once(path, ID, ID + "".join(added))
    found = problems(recompiled(broken), CURATED)
    for column, (made, origin) in columns.items():
        assert way_of(f"customers_curated.{column}", origin, found), made
        assert f"customers_curated.{column} is not on the list of what curated tables may have" in (
            found
        )


def way_of(column: str, origin: str, found: list[str]) -> str:
    """The way from the column to the origin, as the one problem says that is about this leak."""
    (said,) = [p for p in found if p.startswith(f"{column} shows a direct identifier beyond ")]
    (way,) = [w for w in said.partition(": ")[2].split("; ") if w.endswith(f" <- {origin}")]
    assert way.startswith(f"{column} <- ")
    return way


WAY = "is direct: accelerometer_lines.email <- field user of landing.accelerometer.line"


@pytest.mark.parametrize(
    ("meta", "said"),
    [
        ({}, "accelerometer_lines.email: no level"),
        ({"pii": "secret"}, "accelerometer_lines.email: secret"),
        ({"pii": "indirect"}, f"accelerometer_lines.email is marked indirect, and {WAY}"),
        ({"pii": "none"}, f"accelerometer_lines.email is marked none, and {WAY}"),
    ],
)
def test_a_wrong_mark_is_caught(meta: dict[str, str], said: str, fresh: Lakehouse) -> None:
    manifest = fresh.manifest()
    columns = manifest["nodes"]["model.stedi_lakehouse.accelerometer_lines"]["columns"]
    columns["email"]["config"]["meta"] = meta
    (found,) = problems(manifest, CURATED)
    assert found.startswith(said)


def test_a_mark_that_is_no_longer_true_is_caught(fresh: Lakehouse) -> None:
    manifest = fresh.manifest()
    columns = manifest["nodes"]["model.stedi_lakehouse.device_owners"]["columns"]
    columns["claimants"]["config"]["meta"]["pii"] = "direct"
    (said,) = problems(manifest, CURATED)
    assert said.startswith("device_owners.claimants is marked direct, and is none")


def test_a_new_column_of_a_curated_table_is_caught(fresh: Lakehouse) -> None:
    allowed = CURATED | {"customers_curated": CURATED["customers_curated"][1:]}
    assert problems(fresh.manifest(), allowed) == [
        "customers_curated.customer_id is not on the list of what curated tables may have"
    ]
    without = {name: columns for name, columns in CURATED.items() if "machine" not in name}
    assert len(problems(fresh.manifest(), without)) == 6
    more = CURATED | {"customers_curated": (*CURATED["customers_curated"], "gone")}
    assert len(problems(fresh.manifest(), more)) == 1
