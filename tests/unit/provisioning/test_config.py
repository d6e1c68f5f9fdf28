"""infrastructure/config.toml: an entry that cannot be used is named, with what is expected."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from stedi.aws.config import load_config
from stedi.aws.names import Lakehouse
from stedi.errors import UsageError
from stedi.layout import BUILT_LAYERS, LANDED
from support.aws_commands import CONFIG, message, run
from support.targets import PROJECT


def problem(tmp_path: Path, old: str, new: str) -> str:
    text = CONFIG.read_text()
    assert old in text
    path = tmp_path / "config.toml"
    path.write_text(text.replace(old, new))
    with pytest.raises(UsageError) as error:
        load_config(path)
    assert str(error.value).startswith(f"{path}: ")
    return str(error.value).removeprefix(f"{path}: ")


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('prefix = "stedi"', "", "missing entry prefix"),
        (
            'prefix = "stedi"',
            'prefix = "stedi"\nowner = "x"',
            "unknown entry owner; expected one of ",
        ),
        ('prefix = "stedi"', 'prefix = "Stedi"', "prefix = 'Stedi'; expected lowercase letters"),
        ('prefix = "stedi"', 'prefix = "a_b"', "prefix = 'a_b'; expected lowercase letters"),
        ('"stedi-data-lakehouse"', '"A"', "bucket = 'A'; expected 3 to 63 lowercase letters"),
        ('"stedi-data-lakehouse"', "7", "bucket = 7; expected 3 to 63 lowercase letters"),
        ('"us-east-1"', '"Virginia"', "region = 'Virginia'; expected a region, such as us-east-1"),
        ('stack = "stedi-lakehouse"', 'stack = "a b"', "stack = 'a b'; expected letters, digits"),
        ("2022-01-01", '"2022-01-01"', "landing_start = '2022-01-01'; expected a date"),
        (
            "2022-01-01",
            "2022-01-01T00:00:00",
            "landing_start = datetime.datetime(2022, 1, 1, 0, 0)",
        ),
        ("results_days = 7", "results_days = 0", "results_days = 0; expected a whole number, 1 or"),
        ("results_days = 7", "results_days = true", "results_days = True; expected a whole number"),
        ("scan_limit_gb = 100", "scan_limit_gb = 1.5", "scan_limit_gb = 1.5; expected a whole"),
        ('managed-by = "', 'n = 1\nmanaged-by = "', 'tags: expected lines of name = "value"'),
        (
            "[assumed_by]",
            "[assumed_by]\nboss = ['arn:x']",
            "assumed_by: unknown role boss; expected one of dbt, ",
        ),
        ("[assumed_by]", "[assumed_by]\ndbt = 'arn:x'", "assumed_by.dbt: expected a list of ARNs"),
        ("[assumed_by]", "[assumed_by]\ndbt = []", "assumed_by.dbt: expected a list of ARNs"),
        ("[assumed_by]", "[assumed_by]\ndbt = ['me']", "assumed_by.dbt: expected a list of ARNs"),
        ("[tags]", "vpc_id = 7\n[tags]", "vpc_id = 7; expected an id"),
        ("[tags]", "vpc_id = 'rtb-1'\n[tags]", "vpc_id = 'rtb-1'; expected an id"),
        (
            "[tags]",
            "route_table_ids = 'rtb-1'\n[tags]",
            "route_table_ids = 'rtb-1'; expected a list of ids",
        ),
        (
            "[tags]",
            "route_table_ids = ['x']\n[tags]",
            "route_table_ids = ['x']; expected a list of ids",
        ),
        ("[tags]", "[tags", "not valid TOML: "),
        ('stack = "stedi-lakehouse"', 'stack = "a"\nstack = "b"', "not valid TOML: "),
    ],
)
def test_unusable_entry_is_named_with_what_is_expected(
    tmp_path: Path, old: str, new: str, expected: str
) -> None:
    assert problem(tmp_path, old, new).startswith(expected)


def test_missing_configuration(tmp_path: Path) -> None:
    path = tmp_path / "none.toml"
    expected = f"{path}: No such file or directory; name the configuration with --config"
    assert message(run("plan", "--config", path), exit_code=2) == expected


def test_dbt_builds_into_the_databases_of_the_template(lake: Lakehouse) -> None:
    project = yaml.safe_load((PROJECT / "dbt_project.yml").read_text())["models"]["stedi_lakehouse"]
    assert {project[layer]["+schema"] for layer in BUILT_LAYERS} == {
        lake.database(layer) for layer in BUILT_LAYERS
    }


def test_dbt_uses_the_workgroup_and_bucket_of_the_template(lake: Lakehouse) -> None:
    profile = (PROJECT / "profiles.yml.example").read_text()
    assert f"'STEDI_WORKGROUP', '{lake.workgroup('dbt')}'" in profile
    assert f"'STEDI_DATA', 's3://{lake.config.bucket}/'" in profile
    assert f"'STEDI_RESULTS', '{lake.address(lake.results('dbt'))}'" in profile


def test_sources_of_the_models_are_the_landing_tables(lake: Lakehouse) -> None:
    sources = yaml.safe_load((PROJECT / "models/landing/landing.yml").read_text())["sources"]
    landing, restricted = sources
    assert landing["schema"] == lake.database("landing")
    assert [table["name"] for table in landing["tables"]] == [*LANDED]
    assert restricted["schema"] == lake.database("restricted")
