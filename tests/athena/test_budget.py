"""A night scans no more than dbt_project.yml allows; a model that reads the history is found."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
import yaml

from history import Shape
from nights import WITHOUT_TESTS, Build, Deliveries, Scanned
from nights_athena import Lakehouse
from stedi.cost.budget import ALL, OTHER, SMALLEST_DAY, TESTS, read_budgets, with_budgets
from support.athena.local import PROJECT, LocalLakehouse

SHAPE = Shape(people=1000, readings_per_day=108_000)
# Days before the night. All of them come with one build, as night by night takes a minute each; a
# night after nights scans some 1 % more.
HISTORY = 7
# Kept up by slices too, but of few rows: their history is lost in the least that is read anyway.
SMALL = {"builds", "customer_trusted", "decisions_by_month", "rejected_lines", "releases",
         "stg_customer_records", "stg_customers"}  # fmt: skip

pytestmark = pytest.mark.deep


def parts(build: Build) -> dict[str, int]:
    """Bytes that a build scanned, as budgets have their names."""
    return {**build.models, TESTS: build.tested, OTHER: build.other, ALL: build.all}


@pytest.fixture(scope="module")
def night(local: LocalLakehouse, tmp_path_factory: pytest.TempPathFactory) -> Scanned:
    """A night after a history, of days that are large enough; the account is as it left it."""
    folder = tmp_path_factory.mktemp("nights")
    deliveries = Deliveries(folder / "days", SHAPE)
    found = Lakehouse(local, folder, deliveries, HISTORY, nights=0, refresh=WITHOUT_TESTS).night()
    assert found.delivered >= SMALLEST_DAY
    return found


@pytest.fixture
def manifest(night: Scanned, local: LocalLakehouse) -> dict[str, Any]:
    """What dbt wrote of the project when it built the night."""
    return json.loads((local.folder / "dbt/athena/manifest.json").read_text())


@pytest.fixture
def budgets(manifest: Mapping[str, Any]) -> dict[str, float]:
    """What each part of a night may scan."""
    return read_budgets(manifest, yaml.safe_load((PROJECT / "dbt_project.yml").read_text()))


def test_nothing_scans_more_than_its_budget(night: Scanned, budgets: dict[str, float]) -> None:
    found = with_budgets(parts(night.night), budgets, night.delivered)
    print(*found, sep="\n")
    over = [str(one) for one in found if one.is_over]
    assert over == [], "\n".join(over)


def test_a_model_that_reads_the_history_is_over_its_budget(
    night: Scanned, manifest: Mapping[str, Any], budgets: dict[str, float]
) -> None:
    """What the refresh read for a model, one that is made anew each night would read at least."""
    found = with_budgets(parts(night.refresh), budgets, night.delivered)
    models = [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]
    sliced = {
        node["name"] for node in models
        if node["config"]["materialized"] == "incremental_by_slice"
    }  # fmt: skip
    assert sliced - SMALL
    assert sliced - SMALL - {one.name for one in found if one.is_over} == set()


def test_stedi_cost_reports_a_night_beside_its_budget(
    night: Scanned, local: LocalLakehouse
) -> None:
    results = str(local.folder / "dbt/athena/run_results.json")
    report = local.stedi("cost", *local.target, "--run-results", results)
    print(report.stdout)
    assert report.returncode == 0, report.stdout
    assert f"last build: {night.delivered:,}." in report.stdout
    assert "OVER" not in report.stdout
    lines = {line.split("  ")[1]: line for line in report.stdout.splitlines() if "  " in line}
    scanned = {name: number for name, number in parts(night.night).items() if number}
    assert {"accelerometer_lines", TESTS, OTHER, ALL} <= scanned.keys() <= lines.keys()
    for name, number in scanned.items():
        assert f"{number:,}  bytes scanned" in lines[name]
        assert f"{number / night.delivered:.3f} times, budget" in lines[name]
