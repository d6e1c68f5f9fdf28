"""Everything is described, and nothing is described that is not there."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from stedi.cost.budget import read_budgets
from stedi.synthetic.generator import generate
from stedi.synthetic.personas import Settings
from support.lakehouse import PROJECT, Lakehouse

# the hidden column of Athena, a plain one on DuckDB
FILE_NAME = "file_name"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Lakehouse:
    """A lakehouse that was built, with its manifest and its catalog."""
    lakehouse = Lakehouse(tmp_path_factory.mktemp("lakehouse"))
    generate(Settings(people=40, days=2, readings_per_person=6), lakehouse.landing)
    lakehouse.build()
    assert lakehouse.dbt("docs", "generate").success
    return lakehouse


def artifact(lakehouse: Lakehouse, name: str) -> dict[str, Any]:
    return json.loads((lakehouse.folder / "target" / name).read_text())


@pytest.fixture
def documented(built: Lakehouse) -> dict[str, dict[str, Any]]:
    """Models, seeds and sources by name, as the manifest has them."""
    manifest = artifact(built, "manifest.json")
    nodes = {k: n for k, n in manifest["nodes"].items() if n["resource_type"] in ("model", "seed")}
    return nodes | manifest["sources"]


def test_everything_has_a_description(documented: dict[str, dict[str, Any]]) -> None:
    lacking = [name for name, node in documented.items() if not node["description"].strip()]
    lacking += [
        f"{name}.{column}"
        for name, node in documented.items()
        for column, described in node["columns"].items()
        if not described["description"].strip()
    ]
    assert lacking == []
    assert len(documented) == 42


def test_every_macro_is_documented_with_its_arguments(built: Lakehouse) -> None:
    """Apart from private ones, and from an engine's form of a macro that is documented."""
    macros = [
        macro
        for macro in artifact(built, "manifest.json")["macros"].values()
        if macro["package_name"] == "stedi_lakehouse"
        and not macro["name"].startswith(("_", "duckdb__", "athena__"))
    ]
    assert len(macros) > 50
    for macro in macros:
        assert macro["description"].strip(), macro["name"]
        signature = re.search(r"{%-? (?:macro|test) \w+\((.*?)\) -?%}", macro["macro_sql"])
        arguments = signature[1].split(", ") if signature and signature[1] else []
        documented = [a["name"] for a in macro["arguments"] if a["description"].strip()]
        assert documented == [a.partition("=")[0] for a in arguments], macro["name"]


def test_every_model_states_what_a_night_may_scan_for_it(built: Lakehouse) -> None:
    settings = yaml.safe_load((PROJECT / "dbt_project.yml").read_text())
    models = {path.stem for path in (PROJECT / "models").rglob("*.sql")}
    assert models <= read_budgets(artifact(built, "manifest.json"), settings).keys()


def test_the_documented_columns_are_the_tables_columns(
    built: Lakehouse, documented: dict[str, dict[str, Any]]
) -> None:
    catalog = artifact(built, "catalog.json")
    for name, table in (catalog["nodes"] | catalog["sources"]).items():
        found = [column for column in table["columns"] if column != FILE_NAME or "lines" in name]
        assert found == [*documented[name]["columns"]], name
    assert {*catalog["nodes"], *catalog["sources"]} == {*documented}


def test_documented_types_are_the_tables_types(
    built: Lakehouse, documented: dict[str, dict[str, Any]]
) -> None:
    catalog = artifact(built, "catalog.json")
    for name, table in catalog["nodes"].items():
        for column, found in table["columns"].items():
            if stated := documented[name]["columns"][column].get("data_type"):
                assert found["type"] == stated.upper().replace("(6)", ""), (name, column)


def test_a_models_description_begins_with_its_grain(
    documented: dict[str, dict[str, Any]],
) -> None:
    begins = {name: node["description"].split()[:3] for name, node in documented.items()}
    del begins["source.stedi_lakehouse.restricted.pseudonym_key"]  # "One row: the key"
    assert {tuple(words) for words in begins.values()} == {("One", "row", "per")}


def test_every_model_has_its_yaml_beside_it() -> None:
    models = list((PROJECT / "models").rglob("*.sql"))
    assert [path for path in models if not path.with_suffix(".yml").exists()] == []


@pytest.mark.parametrize("source", ["customer", "accelerometer", "step_trainer"])
def test_the_documented_fields_of_a_landing_table_are_those_that_are_read(
    source: str, documented: dict[str, dict[str, Any]]
) -> None:
    description = documented[f"source.stedi_lakehouse.landing.{source}"]["description"]
    described = re.findall(r"^\| `(\w+)` \|", description, flags=re.M)
    sql = (PROJECT / f"models/staging/lines/{source}_lines.sql").read_text()
    read = re.findall(r"'\w+_json': '(\w+)'", sql)
    assert described == read


def test_every_table_beyond_customer_trusted_is_looked_through(
    documented: dict[str, dict[str, Any]],
) -> None:
    beyond = {
        node["name"] for node in documented.values()
        if node["schema"] in ("stedi_trusted", "stedi_curated")
    } - {"customer_trusted"}  # fmt: skip
    test = PROJECT / "tests/assert_only_pseudonyms_beyond_customer_trusted.sql"
    looked_through = re.search(r"for model in \[(.*?)\]", test.read_text(), flags=re.S)[1]
    assert set(re.findall(r"'(\w+)'", looked_through)) == beyond


def test_a_lock_names_no_address() -> None:
    for name in ("requirements.txt", "requirements-dev.txt"):
        assert "://" not in (PROJECT / name).read_text()


def test_every_reason_that_sql_gives_is_in_the_seed() -> None:
    seed = (PROJECT / "seeds/withholding_reasons.csv").read_text()
    codes = {line.split(",")[0] for line in seed.splitlines()[1:]}
    sources: list[Path] = [PROJECT / "macros/consent/withholding_reason.sql"]
    sources += (PROJECT / "models/staging").glob("*_decisions.sql")
    given = {code for path in sources for code in re.findall(r"then '(\w+)'", path.read_text())}
    assert given == codes
