"""Budgets of a nightly build: each part has one, and a part that scans more is named."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import yaml

from stedi.cost.budget import ALL, NAME, OTHER, TESTS, read_budgets, with_budgets
from stedi.errors import StediError

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
def test_scan_above_its_multiple_is_over_budget(scanned: dict[str, int], over: list[str]) -> None:
    assert [one.name for one in with_budgets(scanned, BUDGETS, 1000) if one.is_over] == over


def test_scan_over_budget_is_shown_with_its_bytes_and_its_budget() -> None:
    (one,) = with_budgets({"stg_accelerometer": 1_234_567}, {"stg_accelerometer": 0.1}, 10_000_000)
    assert str(one) == (
        "stg_accelerometer scanned 1,234,567 bytes, 0.123 times the day's 10,000,000; "
        "its budget is 0.1 times, 1,000,000"
    )


def test_scan_without_a_budget_is_an_error() -> None:
    with pytest.raises(StediError, match="c"):
        with_budgets({"a": 1, "c": 0}, BUDGETS, 1000)


def project(meta: Mapping[str, Any], variable: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """A manifest with one model, and the content of a dbt_project.yml."""
    model = {"name": "new", "resource_type": "model", "config": {"meta": meta}}
    other = {"name": "a_test", "resource_type": "test", "config": {"meta": {}}}
    return {"nodes": {"model.p.new": model, "test.p.a_test": other}}, yaml.safe_load(variable)


VARIABLE = f"vars: {{{NAME}: {{tests: 1.5, other: 1, all: 4}}}}"


@pytest.mark.parametrize(
    ("meta", "variable", "missing"),
    [
        ({}, VARIABLE, "new"),
        ({NAME: "much"}, VARIABLE, "new"),
        ({NAME: True}, VARIABLE, "new"),
        ({NAME: 1}, VARIABLE.replace("tests", "test"), TESTS),
        ({NAME: 1}, "vars: {}", f"{ALL}, {OTHER}, {TESTS}"),
        ({NAME: 1}, "name: p", f"{ALL}, {OTHER}, {TESTS}"),
    ],
)
def test_missing_budget_is_named_with_where_to_state_it(
    meta: Mapping[str, Any], variable: str, missing: str
) -> None:
    with pytest.raises(StediError) as raised:
        read_budgets(*project(meta, variable))
    message = str(raised.value)
    assert message.startswith(
        f"no budget for a nightly build: {missing}. In its config block, give "
    )
    assert "`meta={'nightly_scan': MULTIPLE}`" in message


def test_budgets_are_the_models_and_the_variables() -> None:
    assert read_budgets(*project({NAME: 0}, VARIABLE)) == {
        "new": 0, TESTS: 1.5, OTHER: 1, ALL: 4
    }  # fmt: skip
