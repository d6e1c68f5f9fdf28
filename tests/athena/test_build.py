"""`dbt build --target athena` as people run it, on an account that `stedi aws apply` made."""

from __future__ import annotations

import json
from typing import Any

import pytest

from support.athena.built import Built
from support.athena.local import LocalLakehouse

LAYERS = ("staging", "trusted", "curated", "audit")
PLACES = {
    "customer_trusted": "customer/trusted/",
    "accelerometer_trusted": "accelerometer/trusted/",
    "step_trainer_trusted": "step_trainer/trusted/",
    "customers_curated": "customer/curated/",
    "machine_learning_curated": "step_trainer/curated/",
}


@pytest.fixture
def built(lakehouse: Built) -> LocalLakehouse:
    """The account that a lakehouse was built in; the build of the large one ran all dbt tests."""
    return lakehouse.local


def tables(local: LocalLakehouse) -> list[dict[str, Any]]:
    glue = local.client("glue")
    return [
        table
        for layer in LAYERS
        for table in glue.get_tables(DatabaseName=f"stedi_{layer}")["TableList"]
    ]


@pytest.mark.deep
def test_the_build_ran_every_kind_of_test(generated: Built) -> None:
    kinds = {node["unique_id"].split(".")[0] for node in generated.result.nodes}
    assert kinds == {"model", "seed", "test", "unit_test", "operation", "exposure"}


def test_every_table_is_iceberg_and_under_its_zone(built: LocalLakehouse) -> None:
    found = [table for table in tables(built) if table["TableType"] != "VIRTUAL_VIEW"]
    assert len(found) == 23
    for table in found:
        zone = PLACES.get(table["Name"], table["DatabaseName"].removeprefix("stedi_") + "/")
        assert table["Parameters"]["table_type"] == "ICEBERG"
        place = f"s3://stedi-data-lakehouse/{zone}{table['Name']}/"
        assert table["StorageDescriptor"]["Location"].startswith(place)


def test_nothing_for_the_moment_is_left(built: LocalLakehouse) -> None:
    names = {table["Name"] for table in tables(built)}
    assert [name for name in names if "__" in name] == []


def test_what_the_build_left_in_the_bucket_lies_in_its_zones(built: LocalLakehouse) -> None:
    pages = (
        built.client("s3")
        .get_paginator("list_objects_v2")
        .paginate(Bucket=built.lake.config.bucket)
    )
    tops = {item["Key"].split("/")[0] for page in pages for item in page["Contents"]}
    entities = {"customer", "accelerometer", "step_trainer"}
    assert tops == entities | {"staging", "audit", "restricted"}


def test_every_table_and_column_is_described_in_glue(built: LocalLakehouse) -> None:
    for table in tables(built):
        assert table.get("Description"), table["Name"]
        for column in table["StorageDescriptor"]["Columns"]:
            assert column.get("Comment"), (table["Name"], column["Name"])


@pytest.mark.deep
def test_the_docs_have_their_catalog_from_glue(generated: Built) -> None:
    built = generated.local
    result = built.dbt("docs", "generate")
    assert result.success, result.output
    catalog = json.loads((built.folder / "dbt/athena/catalog.json").read_text())
    assert len(catalog["nodes"]) == 34 and len(catalog["sources"]) == 8
    columns = catalog["nodes"]["model.stedi_lakehouse.accelerometer_trusted"]["columns"]
    assert [(c["name"], c["type"]) for c in columns.values()][:3] == [
        ("ingest_date", "date"),
        ("customer_id", "string"),
        ("read_at", "timestamp"),
    ]
