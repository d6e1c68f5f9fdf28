"""infrastructure/config.toml: every entry that cannot be used is named, with what to write."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

import stedi.provisioning.provisioner as provision
from stedi.aws.config import InvalidConfig, load_config
from stedi.aws.names import Lakehouse
from stedi.layout import BUILT_LAYERS, LANDED
from support.aws_commands import message, run

PROJECT = provision.CONFIG.parent.parent


def problem(tmp_path: Path, old: str, new: str) -> str:
    text = provision.CONFIG.read_text()
    assert old in text
    path = tmp_path / "config.toml"
    path.write_text(text.replace(old, new))
    with pytest.raises(InvalidConfig) as error:
        load_config(path)
    assert str(error.value).startswith(f"{path}: ")
    return str(error.value).removeprefix(f"{path}: ")


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('prefix = "stedi"', "", "prefix is missing"),
        ('prefix = "stedi"', 'prefix = "stedi"\nowner = "x"', "owner is no entry; there are "),
        ('prefix = "stedi"', 'prefix = "Stedi"', "prefix = 'Stedi'; write lowercase letters"),
        ('prefix = "stedi"', 'prefix = "a_b"', "prefix = 'a_b'; write lowercase letters"),
        ('"stedi-data-lakehouse"', '"A"', "bucket = 'A'; write 3 to 63 lowercase letters"),
        ('"stedi-data-lakehouse"', "7", "bucket = 7; write 3 to 63 lowercase letters"),
        ('"us-east-1"', '"Virginia"', "region = 'Virginia'; write a region, as us-east-1"),
        ('stack = "stedi-lakehouse"', 'stack = "a b"', "stack = 'a b'; write letters, digits"),
        ("2022-01-01", '"2022-01-01"', "landing_start = '2022-01-01'; write a day"),
        (
            "2022-01-01",
            "2022-01-01T00:00:00",
            "landing_start = datetime.datetime(2022, 1, 1, 0, 0)",
        ),
        ("results_days = 7", "results_days = 0", "results_days = 0; write a whole number, 1 or"),
        ("results_days = 7", "results_days = true", "results_days = True; write a whole number"),
        ("scan_limit_gb = 100", "scan_limit_gb = 1.5", "scan_limit_gb = 1.5; write a whole"),
        ('managed-by = "', 'n = 1\nmanaged-by = "', 'tags: write name = "value"'),
        ("[assumed_by]", "[assumed_by]\nboss = ['arn:x']", "assumed_by.boss: there is no such"),
        ("[assumed_by]", "[assumed_by]\ndbt = 'arn:x'", "assumed_by.dbt: write a list of ARNs"),
        ("[assumed_by]", "[assumed_by]\ndbt = []", "assumed_by.dbt: write a list of ARNs"),
        ("[assumed_by]", "[assumed_by]\ndbt = ['me']", "assumed_by.dbt: write a list of ARNs"),
        ("[tags]", "vpc_id = 7\n[tags]", "vpc_id = 7; write an id"),
        ("[tags]", "vpc_id = 'rtb-1'\n[tags]", "vpc_id = 'rtb-1'; write an id"),
        ("[tags]", "route_table_ids = 'rtb-1'\n[tags]", "route_table_ids = 'rtb-1'; write ids"),
        ("[tags]", "route_table_ids = ['x']\n[tags]", "route_table_ids = ['x']; write ids"),
        ("[tags]", "[tags", "not valid TOML: "),
        ('stack = "stedi-lakehouse"', 'stack = "a"\nstack = "b"', "not valid TOML: "),
    ],
)
def test_entry_that_cannot_be_used(tmp_path: Path, old: str, new: str, expected: str) -> None:
    assert problem(tmp_path, old, new).startswith(expected)


def test_configuration_that_is_not_there(tmp_path: Path) -> None:
    path = tmp_path / "none.toml"
    expected = f"{path}: No such file or directory; name another file with --config"
    assert message(run("--config", path, "plan")) == expected


def test_dbt_builds_in_the_databases_that_are_made(lake: Lakehouse) -> None:
    project = yaml.safe_load((PROJECT / "dbt_project.yml").read_text())["models"]["stedi_lakehouse"]
    assert {project[layer]["+schema"] for layer in BUILT_LAYERS} == {
        lake.database(layer) for layer in BUILT_LAYERS
    }


def test_dbt_asks_in_the_workgroup_and_bucket_that_are_made(lake: Lakehouse) -> None:
    profile = (PROJECT / "profiles.yml.example").read_text()
    assert f"'STEDI_WORKGROUP', '{lake.workgroup('dbt')}'" in profile
    assert f"'STEDI_DATA', 's3://{lake.config.bucket}/'" in profile
    assert f"'STEDI_RESULTS', '{lake.address(lake.results('dbt'))}'" in profile


def test_landing_tables_are_the_sources_of_the_models(lake: Lakehouse) -> None:
    sources = yaml.safe_load((PROJECT / "models/landing/landing.yml").read_text())["sources"]
    landing, restricted = sources
    assert landing["schema"] == lake.database("landing")
    assert [table["name"] for table in landing["tables"]] == [*LANDED]
    assert restricted["schema"] == lake.database("restricted")
