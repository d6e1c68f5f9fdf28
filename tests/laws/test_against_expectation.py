"""Every table equals what Python works out from the laws, over many seeds and both scopes."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings

from stedi.synthetic.generator import generate
from stedi.synthetic.personas import PERSONAS, Settings
from support.duckdb_tables import differences
from support.lakehouse import Lakehouse
from support.strategies import ANY_SETTINGS

SCOPES = ("since_consent", "any_time")
EVERY_PERSONA = Settings(people=len(PERSONAS) + 10, days=4, readings_per_person=12, bad_share=0.3)


def check(plan: Settings, scope: str, lakehouse: Lakehouse, tests: bool = False) -> None:
    """Every table holds what the oracle expects of a plan; with dbt's tests, which pass."""
    generate(plan, lakehouse.landing)
    lakehouse.build(scope, tests=tests)
    assert differences(lakehouse, scope) == []


@pytest.mark.parametrize("scope", SCOPES)
def test_every_table_is_as_expected(scope: str, lakehouse: Lakehouse) -> None:
    check(EVERY_PERSONA, scope, lakehouse, tests=True)


@pytest.mark.deep
@pytest.mark.parametrize("scope", SCOPES)
def test_every_table_is_as_expected_over_many_seeds(
    scope: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    @settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
    @given(ANY_SETTINGS)
    def of_some(plan: Settings) -> None:
        check(plan, scope, Lakehouse(tmp_path_factory.mktemp("lakehouse")))

    of_some()
