"""A night scans no more than dbt_project.yml allows; a model that reads the history is found."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from history import Shape
from nights import WITHOUT_TESTS, Build, Deliveries, Scanned
from nights_athena import Lakehouse
from stedi.cost.budget import ALL, LEAST_DAY, NAME, OTHER, TESTS, NoBudget, judged, stated
from support.athena.local import PROJECT, AthenaLocal

SHAPE = Shape(people=1000, readings_per_day=108_000)
# Days before the night. All of them come with one build, as night by night takes a minute each; a
# night after nights scans some 1 % more.
HISTORY = 7
# Kept up by slices too, but of few rows: their history is lost in the least that is read anyway.
SMALL = {"builds", "customer_trusted", "decisions_by_month", "rejected_lines", "releases",
         "stg_customer_records", "stg_customers"}  # fmt: skip


def parts(build: Build) -> dict[str, int]:
    """Bytes of a build as they are judged."""
    return {**build.models, TESTS: build.tested, OTHER: build.other, ALL: build.all}


@pytest.fixture(scope="module")
def night(local: AthenaLocal, tmp_path_factory: pytest.TempPathFactory) -> Scanned:
    """A night after a history, of days that are large enough; the account is as it left it."""
    folder = tmp_path_factory.mktemp("nights")
    deliveries = Deliveries(folder / "days", SHAPE)
    found = Lakehouse(local, folder, deliveries, HISTORY, nights=0, refresh=WITHOUT_TESTS).night()
    assert found.delivered >= LEAST_DAY
    return found


@pytest.fixture
def manifest(night: Scanned, local: AthenaLocal) -> dict[str, Any]:
    """What dbt wrote of the project when it built the night."""
    return json.loads((local.folder / "dbt/athena/manifest.json").read_text())


def test_nothing_scans_more_than_its_budget(night: Scanned, manifest: Mapping[str, Any]) -> None:
    found = judged(parts(night.night), stated(manifest), night.delivered)
    print(*found, sep="\n")
    over = [str(one) for one in found if one.is_over]
    assert over == [], "\n".join(over)


def test_a_model_that_reads_the_history_is_over_its_budget(
    night: Scanned, manifest: Mapping[str, Any]
) -> None:
    """What the refresh read for a model, one that is made anew each night would read at least."""
    found = judged(parts(night.refresh), stated(manifest), night.delivered)
    models = [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]
    sliced = {
        node["name"] for node in models
        if node["config"]["materialized"] == "incremental_by_slice"
    }  # fmt: skip
    assert sliced - SMALL
    assert sliced - SMALL - {one.name for one in found if one.is_over} == set()


def test_the_costs_of_a_night_are_told_beside_its_budget(
    night: Scanned, local: AthenaLocal
) -> None:
    told = subprocess.run(
        [sys.executable, "scripts/cost.py",
         "--run-results", str(local.folder / "dbt/athena/run_results.json")],
        cwd=PROJECT, env=os.environ | local.environment, capture_output=True, text=True,
    )  # fmt: skip
    print(told.stdout)
    assert told.returncode == 0, told.stderr
    assert f"landed: {night.delivered:,}." in told.stdout
    assert "OVER" not in told.stdout
    lines = {line.split("  ")[1]: line for line in told.stdout.splitlines() if "  " in line}
    for name, scanned in parts(night.night).items():
        if name in lines:
            assert f"{scanned:,}  bytes scanned" in lines[name]
            assert f"{scanned / night.delivered:.3f} times, budget" in lines[name]
    assert {"accelerometer_lines", TESTS, OTHER, ALL} <= lines.keys()


BUDGETS = {"a": 0.5, "b": 0.01, TESTS: 1, OTHER: 1, ALL: 2}


@pytest.mark.parametrize(
    ("scanned", "over"),
    [
        ({}, []),
        ({"a": 500, "b": 10, TESTS: 1000, OTHER: 1000, ALL: 2000}, []),
        ({"a": 501, "b": 10}, ["a"]),
        ({"b": 11, TESTS: 1001}, ["b", TESTS]),
        ({"a": 500, OTHER: 1001, ALL: 2001}, [OTHER, ALL]),
    ],
)
def test_what_is_more_than_its_multiple_is_over(scanned: dict[str, int], over: list[str]) -> None:
    assert [one.name for one in judged(scanned, BUDGETS, 1000) if one.is_over] == over


def test_what_is_over_is_told_with_its_bytes_and_its_budget() -> None:
    (one,) = judged({"stg_accelerometer": 1_234_567}, {"stg_accelerometer": 0.1}, 10_000_000)
    assert str(one) == (
        "stg_accelerometer scanned 1,234,567 bytes, 0.123 times the day's 10,000,000; "
        "its budget is 0.1 times, 1,000,000"
    )


def test_what_has_no_budget_is_not_passed_over() -> None:
    with pytest.raises(NoBudget, match="c"):
        judged({"a": 1, "c": 0}, BUDGETS, 1000)


def project(folder: Path, meta: Mapping[str, Any], variable: str) -> tuple[dict[str, Any], Path]:
    """A manifest with one model, and a dbt_project.yml."""
    path = folder / "dbt_project.yml"
    path.write_text(variable)
    model = {"name": "new", "resource_type": "model", "config": {"meta": meta}}
    other = {"name": "a_test", "resource_type": "test", "config": {"meta": {}}}
    return {"nodes": {"model.p.new": model, "test.p.a_test": other}}, path


VARIABLE = f"vars: {{{NAME}: {{tests: 1.5, other: 1, all: 4}}}}"


@pytest.mark.parametrize(
    ("meta", "variable", "lacking"),
    [
        ({}, VARIABLE, "new"),
        ({NAME: "much"}, VARIABLE, "new"),
        ({NAME: True}, VARIABLE, "new"),
        ({NAME: 1}, VARIABLE.replace("tests", "test"), TESTS),
        ({NAME: 1}, "vars: {}", f"{ALL}, {OTHER}, {TESTS}"),
        ({NAME: 1}, "name: p", f"{ALL}, {OTHER}, {TESTS}"),
    ],
)
def test_a_model_without_a_budget_is_named_with_where_to_state_it(
    meta: Mapping[str, Any], variable: str, lacking: str, tmp_path: Path
) -> None:
    with pytest.raises(NoBudget) as raised:
        stated(*project(tmp_path, meta, variable))
    message = str(raised.value)
    assert message.startswith(f"no budget of a nightly build: {lacking}. In dbt_project.yml, at ")
    assert "`+meta: {nightly_scan: MULTIPLE}`" in message


def test_budgets_are_the_models_and_the_variables(tmp_path: Path) -> None:
    assert stated(*project(tmp_path, {NAME: 0}, VARIABLE)) == {
        "new": 0, TESTS: 1.5, OTHER: 1, ALL: 4
    }  # fmt: skip
