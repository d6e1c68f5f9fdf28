"""Which tables the oracle expects row by row, and that the documents claim no more."""

from __future__ import annotations

from support.lakehouse import PROJECT
from support.oracle import tables

# Models without an expectation in Python, and what is known of them instead. A model that is not
# here must have its rows in tests/support/oracle.py.
WITHOUT = {
    "customer_lines": "each of its lines is in stg_customer_records or rejected_lines",
    "accelerometer_lines": "each of its lines is in stg_accelerometer or rejected_lines",
    "step_trainer_lines": "each of its lines is in stg_step_trainer or rejected_lines",
    "unreadable_records": "its rows are those of stg_customer_records that are not readable",
    "changed_identifiers": "what a night looks at: what it leaves out shows in the other tables",
    "accelerometer_decisions": "counted in decisions_by_day; what it releases is trusted",
    "step_trainer_decisions": "counted in decisions_by_day; what it releases is trusted",
    "builds": "tells of the builds themselves, so it depends on when they ran",
    "readable_releases": "releases beside builds; only its key is tested",
    "k_anonymity": "counted again in Python by the tests of the evidence page",
    "likely_same_people": "a view for people to look at; a unit test of dbt has an example",
    "stale_exposures": "releases beside exposures; tests/laws/test_audit.py has examples",
    "training_data_checks": "a view for people to look at; a unit test of dbt has an example",
    "withdrawals": "consent_history beside builds; a unit test of dbt has an example",
}


def test_every_model_has_an_expectation_or_says_why_not() -> None:
    models = {path.stem for path in (PROJECT / "models").rglob("*.sql")}
    expected = {name.partition(".")[2] for name in tables([])}
    assert expected - models == set(), "expected, and no model"
    assert models - expected == WITHOUT.keys()


def test_the_page_names_every_model_without_an_expectation() -> None:
    text = (PROJECT / "docs/explanation/what-is-proven.md").read_text()
    (sentence,) = [part for part in text.split("\n- ") if part.startswith("Without an expectation")]
    named = {word for word in sentence.split("`") if word in WITHOUT}
    assert named == WITHOUT.keys()
