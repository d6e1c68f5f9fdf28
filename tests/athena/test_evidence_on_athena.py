"""The privacy officer's page of tables on Athena says what that of DuckDB's says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.athena.built import Built
from support.athena.local import LocalLakehouse
from support.page_tables import tables

OF_EVERYBODY = (
    "lines", "readings", "rows", "people", "unassigned", "months", "k-table", "fields",
)  # fmt: skip
RECEIPT = (
    '{"when": "2026-01-31T09:00:00+00:00", "by": "an officer", "people": ["ab"], '
    '"lines": {"customer": 2}, "files": {"customer": 1}, "devices_shared_and_kept": 0, '
    '"searched_objects": 99, "searched_bytes": 1234}'
)


pytestmark = pytest.mark.deep


@pytest.fixture(scope="module")
def pages(generated: Built, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """By target, the page's text; made as people make it."""
    folder = tmp_path_factory.mktemp("pages")
    local, bucket = generated.local, generated.local.lake.config.bucket
    receipt = "restricted/erasure_receipts/20260131T090000-1.json"
    local.client("s3").put_object(Bucket=bucket, Key=receipt, Body=RECEIPT.encode())
    offline = local.offline(generated.landing, generated.database)
    yield {
        "duckdb": page(local, ("--target", "duckdb"), folder / "duckdb.html", offline),
        "athena": page(local, local.target, folder / "athena.html", {}),
    }
    local.client("s3").delete_object(Bucket=bucket, Key=receipt)


def page(
    local: LocalLakehouse, target: tuple[str, ...], output: Path, settings: dict[str, str]
) -> str:
    docs = local.dbt("docs", "generate", target=target[1], **settings)
    assert docs.success, docs.output
    manifest = str(local.folder / "dbt" / target[1] / "manifest.json")
    places = ("--manifest", manifest, "--output", str(output), "--people", "10000")
    done = local.stedi("evidence", *target, *places, **settings)
    assert done.returncode == 0, done.stdout
    return output.read_text()


def said(text: str, table: str) -> list[tuple[tuple[str, ...], dict[str, str]]]:
    """The rows of a table; of builds that released something before, how much and not when."""
    return [
        (tuple(without_time(cell) for cell in row.cells), row.attributes)
        for row in tables(text)[table]
    ]


def without_time(cell: str) -> str:
    return cell.partition(" readings, ")[0]


@pytest.mark.parametrize("table", OF_EVERYBODY)
def test_it_is_the_same(table: str, pages: dict[str, str]) -> None:
    on_duckdb, on_athena = (said(pages[target], table) for target in ("duckdb", "athena"))
    assert on_athena == on_duckdb
    assert len(on_athena) > 1


def test_bytes_are_those_of_the_bucket(pages: dict[str, str], generated: Built) -> None:
    client, bucket = generated.local.client("s3"), generated.local.lake.config.bucket
    sizes: Counter[str] = Counter()
    for found in client.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        for each in found["Contents"]:
            entity, zone, _ = f"{each['Key']}/".split("/", 2)
            sizes[entity if zone == "landing" else f"{entity}/{zone}"] += each["Size"]
    told = {row.cells[0]: row.cells[1] for row in tables(pages["athena"])["sizes"]}
    for entity in ("customer", "accelerometer", "step_trainer"):
        assert told[f"landed files: {entity}"] == f"{sizes[entity]:,}"
        assert told[f"tables: {entity}/trusted"] == f"{sizes[f'{entity}/trusted']:,}" != "0"
    assert told["old versions of all of these, until they expire"] != "0"


def test_receipts_are_those_of_the_bucket(pages: dict[str, str]) -> None:
    (receipt,) = tables(pages["athena"])["receipts"]
    assert receipt.cells[1:3] == ["an officer", "1"]
    assert "receipts" not in tables(pages["duckdb"])


def test_it_says_whose_tables_they_are(pages: dict[str, str], local: LocalLakehouse) -> None:
    assert f"Athena, over <code>s3://{local.lake.config.bucket}</code>" in pages["athena"]
    assert "the DuckDB file" not in pages["athena"]


def test_what_cannot_be_asked_says_what_to_do(generated: Built) -> None:
    local, bucket = generated.local, generated.local.lake.config.bucket
    other = local.folder / "another.toml"
    other.write_text(local.config.read_text().replace(f'"{bucket}"', '"another-bucket"'))
    of_other = ("--target", "athena", "--config", str(other))
    message = refused(local, *of_other, STEDI_DATA="s3://another-bucket/")
    assert "the tables are in s3://" + bucket in message
    message = refused(local, *local.target, "--workgroup", "nobodys")
    assert "assume the privacy-officer role" in message


def test_tables_that_are_not_there_are_to_be_built(local: LocalLakehouse) -> None:
    local.provision()
    message = refused(local, *local.target)
    assert "some tables are missing; run `dbt build --target athena`" in message


def refused(local: LocalLakehouse, *options: str, **settings: str) -> str:
    """The error that the command ends with."""
    done = local.stedi("evidence", *options, **settings)
    assert done.returncode == 1, done.stdout
    assert done.stdout.startswith("Error: ") and done.stdout.count("\n") == 1, done.stdout
    return done.stdout
